"""QuantumCircuit -> OpenQASM 3 text that every importer reads the same way, and the map back."""
