"""Simulators, devices and their noise.

``backends``          the backends by name, and what each says of itself; ``mocks`` for dry runs
``choose``            how a circuit chooses its simulator: one file for each kind of backend
``options_acted_on``  the options that the service acts on
``methods``           the simulators
``foreign``           backends of others that were handed in
``noise``             how noise acts on a circuit
``devices``           the devices ``fake_<n>q``; how large their noise is: ``noise_magnitudes``
``base``              the interface of simulators; a circuit's properties and cost

A file imports from its own folder and from those below it.
"""
