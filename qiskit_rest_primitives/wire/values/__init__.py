"""JSON codecs of single values: arrays, typed values, execution spans.

``typed_values`` writes typed values and finds those to be read; ``decoders`` reads each type.
"""
