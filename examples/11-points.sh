#!/bin/sh
# One process answers at many points, a line for a line: y = w·t + b is fitted to (0, 1), (1, 3), (2, 5) and (3, 7).
# Each question depends on the answer before it. --get fixes which columns there are, and in which order.
loss="((b - 1)^2 + (w + b - 3)^2 + (2*w + b - 5)^2 + (3*w + b - 7)^2)/4"
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkfifo "$folder/ask" "$folder/answer"
backprop points "$loss" - --get value --get w --get b <"$folder/ask" >"$folder/answer" &
exec 3>"$folder/ask" 4<"$folder/answer"

echo "w,b" >&3
read -r header <&4
echo "$header"
w=0 b=0
for step in 1 2 3 4 5 6 7 8; do
  echo "$w,$b" >&3
  IFS=, read -r w b value dw db <&4
  printf 'step %d: loss = %.4f at w = %.4f, b = %.4f\n' "$step" "$value" "$w" "$b"
  w=$(awk "BEGIN { printf \"%.15g\", $w - 0.12*$dw }") b=$(awk "BEGIN { printf \"%.15g\", $b - 0.12*$db }")
done
exec 3>&-
wait

# Points that are known before come from a file.
printf 'w,b,remark\n0,0,the start\n2,1,the solution\n' >"$folder/points.csv"
backprop points "$loss" "$folder/points.csv"
