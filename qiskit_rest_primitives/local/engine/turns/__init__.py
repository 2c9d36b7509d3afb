"""Whose job and whose task comes next: users take turns."""
