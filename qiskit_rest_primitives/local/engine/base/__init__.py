"""What all of the engine shares: tasks, a job's allowances, worker processes."""
