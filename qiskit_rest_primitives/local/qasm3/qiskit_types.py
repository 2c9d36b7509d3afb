"""Names for classes of Qiskit that type checkers see as variables."""

from __future__ import annotations

from typing import Any, TypeAlias

InputParameter: TypeAlias = Any  # Parameter
Angle: TypeAlias = Any  # float or ParameterExpression
Bit: TypeAlias = Any  # Qubit or Clbit
Instruction: TypeAlias = Any  # CircuitInstruction or None
