"""The circuit, without a number in it: nodes, the graph that they make, and modules opened into their gates."""
