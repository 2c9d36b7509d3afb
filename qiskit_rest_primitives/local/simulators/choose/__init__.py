"""How a circuit chooses its simulator: for each kind of backend, a PUB -> its `Setup`."""
