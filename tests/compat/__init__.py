"""This package beside the official client, name by name; ``python -m tests.compat`` compares."""
