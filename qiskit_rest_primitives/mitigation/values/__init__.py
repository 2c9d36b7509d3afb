"""Samples -> expectation values with errors: readout, extrapolation."""
