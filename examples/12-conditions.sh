#!/bin/sh
# A choice routes: the branch that is taken gets the whole gradient, and the other one needs no value.
# Its condition gets none. Where the sides of a comparison are equal, a warning says so.
cd "$(dirname "$0")" || exit
backprop eval "where(x > 0, log(x), 0)" --x -1
backprop eval "where(x > 0, sqrt(x), 0)" --x 0 --get value --get x
backprop eval --file huber.bp --w 2 --x 3 --b 1 --y 2 --d 1
backprop eval --file cut-off.bp --eps 1 --s 1 --r 1.5 --rc 2.5 --get value --get r
backprop eval --file tax.bp --income 50 --get value --get income
backprop check "x > 0 ? x*exp(-x) : x" --x 1.5
