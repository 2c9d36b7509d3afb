"""The simulators: points of a PUB -> samples or expectation values."""
