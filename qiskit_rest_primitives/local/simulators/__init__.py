"""What runs circuits: simulators, devices and their noise."""
