#!/bin/sh
# The step from gradients to learning: go down along them. First on a bowl, then a net of two layers learns a spiral.
# See how momentum crosses the narrow valley; and that what is learned is a point, from which --start goes on.
backprop minimize "(x-3)^2 + 20*(y+1)^2" --start x=0,y=0 --rate 0.02 --momentum 0.8 --steps 40 --plot - --digits 3

# Two arms of 40 points each: X is 80×2, y is ±1; 2→12→1 with tanh, the weights begin as sines, which are all different.
awk 'BEGIN { for (s = -1; s <= 1; s += 2) for (i = 0; i < 40; i++) { r = 0.1 + i/40; t = 6*r
  printf "%s[%.4f,%.4f]", (n++ ? "," : "["), s*r*cos(t), s*r*sin(t) } print "]" }' >"${TMPDIR:-/tmp}/spiral-X.json"
awk 'BEGIN { for (i = 0; i < 80; i++) printf "%s%d", (i ? "," : "["), (i < 40 ? -1 : 1); print "]" }' >"${TMPDIR:-/tmp}/spiral-y.json"
weights=$(awk 'function row(n, s,  i, t) { for (i = 0; i < n; i++) t = t (i ? "," : "[") sprintf("%.3f", 3*sin(7*i + s)); return t "]" }
BEGIN { print "W1=[" row(12, 1) "," row(12, 2) "],b1=" row(12, 3) ",W2=" row(12, 4) }')
backprop minimize "H = tanh(X @ W1 + b1); score = H @ W2; mean(softplus(-y*score))" \
  --X "@${TMPDIR:-/tmp}/spiral-X.json" --y "@${TMPDIR:-/tmp}/spiral-y.json" --start "$weights" \
  --method adam --rate 0.1 --steps 300 --digits 3 --time-limit 60
