"""Pictures of the circuit."""
