"""A loss made small: what is minimised, the methods that do it, and least squares."""
