#!/bin/sh
# A loss over data: points in columns, block by block. --reduce gives one result of all rows, ∇L at the weights;
# without it there is a result a row, ∇L at the data. What is no variable (id) is passed on as the text that it is.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
awk 'BEGIN { print "x1,x2,y,id"; for (i = 1; i <= 5000; i++) printf "%.3f,%.3f,%d,%05d\n", sin(i), cos(i*i), i % 3 ? 1 : -1, i }' \
  >"$folder/data.csv"
loss="softplus(-y*(w1*x1 + w2*x2 + b))"

backprop points "$loss" "$folder/data.csv" --w1 0.7 --w2 -1.1 --b 0.2 --reduce mean --format table --digits 4
backprop points "$loss" "$folder/data.csv" --w1 0.7 --w2 -1.1 --b 0.2 --wrt x1,x2 -o "$folder/results.csv"
head -n 3 "$folder/results.csv"
tail -n 1 "$folder/results.csv"

# The same loss over whole columns as vectors.
backprop eval "mean(softplus(-y*(w1*x1 + w2*x2 + b)))" --data "$folder/data.csv" --w1 0.7 --w2 -1.1 --b 0.2 --get value
