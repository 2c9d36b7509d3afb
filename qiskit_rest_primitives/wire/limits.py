"""Limits of the Runtime REST API that both ends of the wire know."""

INT32_MAX = 2_147_483_647
"""Largest shots, seed or count."""
MAX_TAGS = 8
MAX_TAG_LENGTH = 86
MAX_COST_SECONDS = 10_800
"""Longest time that a job may ask for."""
