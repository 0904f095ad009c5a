"""Graph → trace: forward and backward at one point in one arithmetic, and all that comes of several such passes."""
