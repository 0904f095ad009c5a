"""Inputs found by the code that they reach: `python -m fuzz TARGET [OPTIONS OF LIBFUZZER]`, where Atheris is."""
