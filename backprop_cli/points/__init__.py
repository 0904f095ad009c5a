"""One graph at many points: rows in, results out."""
