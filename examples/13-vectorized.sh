#!/bin/sh
# D = W·X, the last example of the notes, with upstream given as if by a next layer: no rule need be learnt by heart.
# See dW = dD·Xᵀ and dX = Wᵀ·dD: each is the only product of the two that has the shape of its variable.

backprop eval "D = W @ X" --W '[[1,2,3],[4,5,6]]' --X '[[1,0],[0,1],[1,1]]' --upstream '[[1,-1],[2,0]]'
