"""The languages of explanations: a file of templates each."""
