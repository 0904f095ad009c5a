"""What a run has to work with: time and memory, text in and out, files; and which version it is of."""
