"""Text → graph: tokens with positions, statements, SymPy's tree of them, and the graph that it is flattened to."""
