"""What has to run for a job of each program, and the join of its results."""
