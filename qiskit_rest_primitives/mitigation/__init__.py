"""What the options of error mitigation mean: PUBs -> sweeps of circuits -> results. No I/O.

Nothing here runs a circuit. A `Step` says which sweeps to sample; its caller samples them and gives
the samples to the step, which returns the next step or the results.
"""
