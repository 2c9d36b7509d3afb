"""Threads and forks."""
