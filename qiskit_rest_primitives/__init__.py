"""Qiskit V2 primitives on any service that speaks the Qiskit Runtime REST API."""
