#!/bin/sh
# NIST's harder problems, from its near starts: MGH17 (b1 is 0.37541005211 ± 0.0020723153551), Thurber (1288.139680 ±
# 4.6647963344) and Nelson (2.5906836021 ± 0.019149996413). See how parameters of any size need no scaling.
cd "$(dirname "$0")" || exit
backprop fit "b1 + b2*exp(-x*b4) + b3*exp(-x*b5)" --target y --data mgh17.csv \
    --start b1=0.5,b2=1.5,b3=-1,b4=0.01,b5=0.02
backprop fit "(b1 + b2*x + b3*x^2 + b4*x^3)/(1 + b5*x + b6*x^2 + b7*x^3)" --target y --data thurber.csv \
    --start b1=1300,b2=1500,b3=500,b4=75,b5=1,b6=0.4,b7=0.05
backprop fit "b1 - b2*x1*exp(-b3*x2)" --target "log(y)" --data nelson.csv --start b1=2.5,b2=5e-9,b3=-0.05
