"""Exactly one job a submission, whatever happens between POST and reply."""
