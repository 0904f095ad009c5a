"""The staged program of a graph, in a language."""
