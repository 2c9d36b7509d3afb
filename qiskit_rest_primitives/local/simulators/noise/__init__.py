"""How noise acts on a circuit.

``device_noise_in_aer``     errors of a device's gates and readout, for Aer
``pauli_channels``          the same for the simulators of sweeps, in NumPy
``idle_noise``              what happens to a device's qubits while they wait
``label_noisy_operations``  a circuit with the labels and instructions that carry this noise
``given_noise_in_aer``      a user's noise model
``pauli_twirling``          errors as Paulis and resets
``schedule``                when the operations of a circuit begin
"""
