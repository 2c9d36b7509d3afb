"""Experiments: runs that are recorded, and not submitted again."""
