"""JSON codecs of results."""
