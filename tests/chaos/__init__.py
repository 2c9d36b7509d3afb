"""A fault proxy between a client and the embedded service, and the jobs that survive it."""
