#!/bin/sh
# (x+y)·z at (−2, 5, −4), the first circuit of the course: see −4 flow back from f through q1 to x and y.
# Then the same result as JSON: picked apart by jq, and pretty-printed by Python.
backprop eval "(x+y)*z" --x -2 --y 5 --z -4
backprop eval "(x+y)*z" --x -2 --y 5 --z -4 --json | jq -c '.gradient'
backprop eval "(x+y)*z" --x -2 --y 5 --z -4 --json | python3 -m json.tool | head -n 8
