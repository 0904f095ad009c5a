#!/bin/sh
# A model is fitted to data: NIST's Misra1a, adsorption over pressure, whose certified b1 is 238.94212918 ± 2.7070075241.
# See the ± of each parameter; and what becomes of it where the data do not tell two parameters apart.
cd "$(dirname "$0")" || exit
backprop fit "b1*(1 - exp(-b2*x))" --target y --data misra1a.csv --start b1=500,b2=0.0001 --digits 11 --plot -
backprop fit "b1*b3*(1 - exp(-b2*x))" --target y --data misra1a.csv --start b1=500,b2=0.0001,b3=1
