"""Exactly one job per submission, whatever happens between POST and reply."""
