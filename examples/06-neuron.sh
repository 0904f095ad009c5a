#!/bin/sh
# The sigmoid neuron with w = (2, −3, −3), x = (−1, −2), first with the sigmoid as one gate, then as its four gates.
# Modularity: many gates or one, the gradients of w and x are the same.
backprop eval "sigmoid(w0*x0 + w1*x1 + w2)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3
backprop eval "1/(1+exp(-(w0*x0 + w1*x1 + w2)))" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3
