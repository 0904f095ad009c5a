#!/bin/sh
# (x + σ(y)) / (σ(x) + (x+y)²) at (3, −4): nobody wants to differentiate this by hand, and nobody has to.
# x is used three times and y twice: their gradients are sums, one term for each edge that leaves them.
backprop eval "(x + σ(y)) / (σ(x) + (x+y)**2)" --x 3 --y -4
