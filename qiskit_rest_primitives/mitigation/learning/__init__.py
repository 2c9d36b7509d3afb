"""Learning the noise of layers of two-qubit gates."""
