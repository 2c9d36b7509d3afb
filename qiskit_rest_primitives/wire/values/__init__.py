"""JSON codecs of single values: arrays, typed values, execution spans."""
