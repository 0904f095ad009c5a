#!/bin/sh
# Gradient descent in plain shell: (x−3)² + (y+1)² rolls down to (3, −1), a tenth of the gradient at a time.
# --get prints bare numbers, one a line, and a value may be an expression, so the shell needs no arithmetic of its own.
x=0 y=0
for step in 1 2 3 4 5; do
  set -- $(backprop eval "(x-3)^2 + (y+1)^2" --x "$x" --y "$y" --get value --get x --get y)
  echo "step $step: f = $1 at ($x, $y)"
  x=$(backprop eval "x - g/10" --x "$x" --g "$2" --get value)
  y=$(backprop eval "y - g/10" --y "$y" --g "$3" --get value)
done
