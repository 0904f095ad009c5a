#!/bin/sh
# One head of attention: three tokens of two numbers ask, answer, and are mixed by the softmax of how well they match.
# See that X forks three ways, into queries, keys and values, and its gradient is the sum of what comes back from them.

program='Q = X @ Wq
K = X @ Wk
V = X @ Wv
A = softmax(Q @ K.T / sqrt(2), axis=1)
f = sum(A @ V)'
backprop eval "$program" --X '[[1,0],[0,1],[1,1]]' --Wq '[[1,0],[0,1]]' --Wk '[[0,1],[1,0]]' \
    --Wv '[[1,2],[3,4]]' --digits 3
