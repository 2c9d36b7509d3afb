"""Waiting for jobs: the poller, and what decides when it asks."""
