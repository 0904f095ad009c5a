#!/bin/sh
# 2·(x·y + max(z, w)): the three patterns of the backward flow in one circuit.
# add distributes the 2, max routes it to z and leaves w with 0, mul switches x and y.
backprop eval "2*(x*y + max(z, w))" --x 3 --y -4 --z 2 --w -1
