"""The engine: divides PUBs into tasks, runs them on simulators, joins their results."""
