"""What the options of error mitigation mean: PUBs -> sweeps of circuits -> results. No I/O.

Nothing here runs a circuit. A `Step` says which sweeps to sample; its caller samples them and gives
the samples to the step, which returns the next step or the results.

``estimator``, ``sampler``, ``noise_learner``  a job of each program as a step
``checks``           refuses circuits that the options can't be applied to
``learning``         the noise of layers of gates
``values``           samples -> expectation values: readout errors, extrapolation
``random_circuits``  the circuits that are run instead: twirled, folded, with pulses or noise
``base``             options, PUBs, steps, layers, times

A file imports from its own folder and from those below it.
"""
