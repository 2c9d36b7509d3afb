"""Files that outlive a crash, and files that several processes write to."""
