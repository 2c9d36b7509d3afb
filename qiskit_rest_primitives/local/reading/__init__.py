"""OpenQASM 3 text -> QuantumCircuit, in one pass and without a syntax tree.

One reader, cut by what it reads: tokens (``scan``), expressions (``expressions``), gates and their
definitions (``gates``), names, operands and declarations (``declarations``), quantum statements
(``statements``), control flow (``control``), and the loop that takes plain lines at full speed
(``flat``). ``qiskit_rest_primitives.local.reader`` is the door.
"""

from qiskit_rest_primitives.local.reading.scan import ReadError

__all__ = ["ReadError"]
