"""OpenQASM 3 text -> QuantumCircuit, in one pass and without a syntax tree.

One reader, cut by what it reads: tokens (``scan``), expressions (``expressions``) of constants and
inputs (``values``) and of what is known only while a circuit runs (``classical``), gates and their
definitions (``gates``), names, operands and declarations (``declarations``), quantum statements
(``statements``), real-time variables (``variables``), control flow (``control``; ``loops`` finds
the loops to be read value by value), and the loop that takes plain lines at full speed (``flat``).
``qiskit_rest_primitives.local.qasm3.reader`` is the door.
"""

from qiskit_rest_primitives.local.qasm3.tokens import ReadError

__all__ = ["ReadError"]
