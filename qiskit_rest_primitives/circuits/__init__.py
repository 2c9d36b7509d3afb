"""QuantumCircuit -> OpenQASM 3 text that every importer reads the same way, and the map back."""

from qiskit_rest_primitives.circuits.description import CircuitDescription
from qiskit_rest_primitives.circuits.encode import EncodedCircuit, encode_circuit
from qiskit_rest_primitives.circuits.observables import encode_observables

__all__ = ["CircuitDescription", "EncodedCircuit", "encode_circuit", "encode_observables"]
