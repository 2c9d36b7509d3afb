"""A fault proxy between a client and the embedded service, and what survives it."""
