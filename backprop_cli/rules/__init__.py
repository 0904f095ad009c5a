"""What a primitive is: formulas as data, how they are printed, and THE TABLE."""
