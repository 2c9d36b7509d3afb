"""One job, from its submission to its result."""
