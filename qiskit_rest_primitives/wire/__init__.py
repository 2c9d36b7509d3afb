"""JSON codecs of the REST API, encode and decode side by side. No I/O."""
