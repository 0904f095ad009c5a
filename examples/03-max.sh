#!/bin/sh
# max(x, y) routes: the larger input gets the whole gradient and the other gets none; first x wins, then y.
# At the tie both get 1, which is a convention (and so there is a warning); --ties chooses another one.
backprop eval "max(x, y)" --x 4 --y 2
backprop eval "max(x, y)" --x 2 --y 4 --get x --get y
backprop eval "max(x, y)" --x 3 --y 3 --get x --get y
backprop eval "max(x, y)" --x 3 --y 3 --get x --get y --ties split
