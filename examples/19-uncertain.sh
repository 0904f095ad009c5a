#!/bin/sh
# A measured value has an uncertainty: 2.0±0.1, or 1.50(2) for 1.50 ± 0.02. What is worked out from it then has one too.
# See which variable brings the most, how a correlation changes that, and where the slope at one point is not enough.

backprop eval "m*g*h" --m 2.0±0.1 --g 9.81 --h '1.50(2)'
# g from a pendulum: length and period, and then as if both had been measured with one bad ruler.
backprop eval "4*pi**2*l/T**2" --l '1.000(5)' --T '2.007(2)' --get value --get uncertainty
backprop eval "4*pi**2*l/T**2" --l '1.000(5)' --T '2.007(2)' --correlations '{"l": {"T": 0.8}}' --get uncertainty
# At the top of an arc the slope is 0, and the second order is all that there is.
backprop eval "x*(1 - x)" --x 0.5±0.1 --get uncertainty
