#!/bin/sh
# Programs in files: named stages keep their names, and a module is one row, with its own local gradient.
# --expand opens modules: the same gradients, gate by gate. Every .bp file here is such a program.
cd "$(dirname "$0")" || exit
backprop eval --file neuron.bp --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3
backprop eval --file neuron.bp --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3 --expand
backprop eval --file log-loss.bp --w 2 --x -1 --b 0.5 --y 1 --get score --get w
backprop eval --file squared-error.bp --w 2 --x -1 --b 0.5 --y 1 --get guess --get w
backprop eval --file sigmoid.bp --w 2 --x -1 --b 0.5 --get w
backprop eval --file tanh.bp --w 2 --x -1 --b 0.5 --get w
