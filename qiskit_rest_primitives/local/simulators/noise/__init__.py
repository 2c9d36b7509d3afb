"""How noise acts on a circuit: as errors of Aer, as Pauli channels, on idle qubits."""
