"""OpenQASM 3 text -> QuantumCircuit, in one pass and without a syntax tree.

A `Parser` (``parser``) holds a `Scanner` (``tokens``), a `Scope` (names and the open circuit), and
one part for each kind of statement. ``reader.read_circuit`` is the entry point.
"""

# Qiskit's importer, qiskit-qasm3-import, takes 180 to 290 times as long on the texts of this
# package's client, and has no limits on the time and memory that a hostile text costs. It also
# passes arguments to a gate in the alphabetical order of the parameters' names, which is wrong for
# `gate g(b, a) q { ... }`.

from qiskit_rest_primitives.local.qasm3.tokens import ReadError

__all__ = ["ReadError"]
