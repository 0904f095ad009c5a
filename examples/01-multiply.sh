#!/bin/sh
# x·y at (4, −3): mul switches its inputs, so the gradient of x is y and the gradient of y is x.
# The last column tells what that means: 1 more on x takes 3 off the product.
backprop eval "x*y" --x 4 --y -3
