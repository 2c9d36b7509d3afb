"""Simulators, devices and their noise."""
