"""Sphinx's settings of the site: `sphinx-build docs site`."""

project = "backprop"
copyright = "2026, the backprop authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "backprop"
myst_heading_anchors = 3
exclude_patterns = ["_build"]
