"""JSON codecs of a backend's target and calibration."""
