"""Explanations: the story of a trace, as a teacher tells it."""
