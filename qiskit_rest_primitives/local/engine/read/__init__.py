"""A job's PUBs as they came -> circuits, values and observables."""
