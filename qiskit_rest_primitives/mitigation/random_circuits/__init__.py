"""A circuit -> the random circuits that are run instead: twirled, folded, with pulses or noise."""
