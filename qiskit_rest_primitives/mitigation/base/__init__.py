"""What all of error mitigation shares: options, PUBs, steps, layers, times."""
