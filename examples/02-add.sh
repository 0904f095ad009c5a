#!/bin/sh
# x + y: add distributes; whatever the inputs are, both local gradients are 1.
# Two points, the same gradient: it does not depend on where we are.
backprop eval "x + y" --x 4 --y -3
backprop eval "x + y" --x 1000 --y 0.5 --get x --get y
