#!/bin/sh
# A softmax classifier: three inputs of two features, three classes, and the mean cross-entropy of the right ones.
# See the upstream at S: (probability − 1 at the right label)/3, so each row sums to 0; and b gets the sum over the rows.

backprop eval "S = X @ W + b; loss = mean(-pick(log_softmax(S), y))" \
    --X '[[1,2],[3,1],[0,1]]' --W '[[0.5,-0.5,0],[0,0.5,-0.5]]' --b '[0,0,0]' --y '[0,1,2]' --digits 3
