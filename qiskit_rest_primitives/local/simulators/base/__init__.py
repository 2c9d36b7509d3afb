"""The interface of simulators, and the properties of a circuit by which one is chosen."""
