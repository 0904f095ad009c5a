#!/bin/sh
# A small network as a program: two neurons, an output neuron and a loss; only the output neuron gets gradients here.
# The last line takes one step against the gradient of b0: the loss is smaller.
cd "$(dirname "$0")" || exit
at='{"x0": 1, "x1": -2, "a00": 0.5, "a01": -0.3, "a0": 0.1, "a10": -0.2, "a11": 0.8, "a1": 0, "y": 1}'
backprop eval --file layer.bp --at "$at" --b0 0.7 --b1 -0.4 --b2 0.2 --wrt b0,b1,b2
backprop eval --file layer.bp --at "$at" --b0 0.7 --b1 -0.4 --b2 0.2 --get value --get b0
backprop eval --file layer.bp --at "$at" --b0 "0.7 + 0.115" --b1 -0.4 --b2 0.2 --get value
