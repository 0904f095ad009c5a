#!/bin/sh
# A net of two layers with its loss: gradients at the weights, which a step of learning takes, and at the data.
# See that the gradient at X says which way to change an input so as to fool the net; regularization does not touch it.

program='H = relu(X @ W1 + b1)
S = H @ W2 + b2
data = mean(-pick(log_softmax(S), y))
loss = data + 0.05*(sum(W1*W1) + sum(W2*W2))'
at='{"X": [[1,2],[-1,1],[0.5,-1]], "W1": [[0.5,-1,0.3],[1,0.5,-0.4]], "b1": [0,0.1,0],
     "W2": [[1,-1],[0.5,0.2],[-0.3,0.8]], "b2": [0,0], "y": [0,1,1]}'
backprop eval "$program" --at "$at" --wrt W1,b1,W2,b2,X --digits 3
