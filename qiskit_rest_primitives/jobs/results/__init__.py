"""From the bytes of a result to what users read, and what is kept of it."""
