"""For tests of code that uses this package: fixtures for pytest, recordings of jobs."""
