#!/bin/sh
# A value may be a box: all numbers from one end to the other. Every number of both passes then has ends that are proven.
# See that f never falls, because its slope never has the other sign; and how much a kink, or doubles, leave open.

backprop eval "x*(1-x)" --x 0.25..0.5
backprop eval "sigmoid(w*x + b)" --w 1.9..2.1 --x -1 --b 0.5 --get value --get w --get b
backprop eval "abs(x)" --x -1..2 --get x
# Rump's polynomial, of which doubles make -1.18e+21.
backprop eval "333.75*y**6 + x**2*(11*x**2*y**2 - y**6 - 121*y**4 - 2) + 5.5*y**8 + x/(2*y)" \
    --x 77617 --y 33096 --enclose --get value
