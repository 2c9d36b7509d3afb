"""The embedded service: the same REST API on loopback, with Qiskit or Aer behind it."""
