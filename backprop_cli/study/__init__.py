"""What is found out by means of traces: a referee, verdicts on claims, mistakes, nudges, a reference."""
