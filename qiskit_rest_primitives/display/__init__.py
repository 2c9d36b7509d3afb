"""What people see of objects and errors: text for scripts and notebooks."""
