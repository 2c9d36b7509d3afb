"""What the engine runs: PUBs to tasks, tasks on a simulator, results joined."""
