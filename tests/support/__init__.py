"""What several tests use: the command in this process, formulas and texts, oracles, circuits, programs, schemas."""
