"""Gates by name: Qiskit's own, and those that the text defines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from qiskit.circuit import ControlledGate, Gate, ParameterExpression, QuantumCircuit, Qubit
from qiskit.circuit.library import (
    C3XGate,
    C4XGate,
    PhaseGate,
    UnitaryGate,
    get_standard_gate_name_mapping,
)

from qiskit_rest_primitives.local.qasm3.qiskit_types import InputParameter

# What `include "stdgates.inc"` defines, with Qiskit's name where it differs.
# fmt: off
STDGATES = {name: name for name in (
    "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "cx", "cy", "cz", "cp",
    "crx", "cry", "crz", "ch", "swap", "ccx", "cswap", "cu", "id", "u1", "u2", "u3",
)} | {"CX": "cx", "phase": "p", "cphase": "cp"}
# fmt: on
NOT_GATES = {"delay", "measure", "reset", "global_phase"}

# A power or a control of a gate without a closed form is computed from its matrix.
MAX_MATRIX_QUBITS = 6
MAX_CONTROLS = 64
# Most repetitions of a gate without a matrix, for its integer powers.
MAX_REPETITIONS = 100


@dataclass(frozen=True)
class GateKind:
    """A gate of Qiskit's library, called by position.

    Attributes:
        name: the name in the text.
        num_parameters: how many angles it takes.
        num_qubits: how many qubits it acts on.
        cost: number of elementary operations in a call.
        standard: its member of Qiskit's ``StandardGate``, or None for a class of its own.
    """

    name: str
    num_parameters: int
    num_qubits: int
    gate_class: Any
    standard: Any = None
    cost: int = 1
    depth: int = 0

    def make(self, parameters: list[Any], *, exact: bool = False) -> Gate:
        """The gate with these angles."""
        return self.gate_class(*parameters)


@dataclass(frozen=True)
class Definition:
    """A gate defined by the text.

    Attributes:
        parameters: the formal angles, in the order of a call.
        body: the definition, over ``parameters``.
        depth: how deeply its definitions are nested.
        known: the equal gate of Qiskit's library, or None.
        known_exactly: whether that holds with the global phase, which controls make visible.
    """

    name: str
    parameters: tuple[InputParameter, ...]
    body: QuantumCircuit
    cost: int
    depth: int
    known: GateKind | None = None
    known_exactly: bool = False

    @property
    def num_parameters(self) -> int:
        """How many angles it takes."""
        return len(self.parameters)

    @property
    def num_qubits(self) -> int:
        """How many qubits it acts on."""
        return self.body.num_qubits

    @property
    def standard(self) -> Any:
        """The equal member of Qiskit's ``StandardGate``, or None."""
        return self.known.standard if self.known else None

    def make(self, parameters: list[Any], *, exact: bool = False) -> Gate:
        """The gate with these angles; ``exact`` keeps the global phase of the text."""
        if self.known and (self.known_exactly or not exact):
            return self.known.make(parameters)
        return DefinedGate(self, parameters)


class DefinedGate(Gate):
    """A gate that the text defines; its body is built on first use, so that reading stays cheap.

    Its name is the text's with the prefix ``gate_``: Qiskit and Aer identify gates by name, and
    would take a gate called ``rzz`` or ``pauli`` for their own.
    """

    def __init__(self, source: Definition, parameters: list[Any]):
        super().__init__(f"gate_{source.name}", source.num_qubits, parameters)
        self._source = source

    def _define(self) -> None:
        body = self._source.body
        if self._source.parameters:
            values = dict(zip(self._source.parameters, self.params, strict=True))
            body = body.assign_parameters(values, strict=False)
        self.definition = body


@lru_cache(maxsize=1)
def library() -> dict[str, GateKind]:
    """Qiskit's gates by Qiskit's names, and ``U``."""
    kinds: dict[str, GateKind] = {}
    for name, gate in get_standard_gate_name_mapping().items():
        if name not in NOT_GATES:
            kinds[name] = GateKind(
                name,
                len(gate.params),
                gate.num_qubits,
                gate.base_class,
                getattr(gate, "_standard_gate", None),
            )
    kinds["U"] = kinds["u"]
    return kinds


def define(
    name: str, parameters: list[InputParameter], body: QuantumCircuit, cost: int, depth: int
) -> Definition:
    """The definition, recognised if it is one of Qiskit's gates."""
    known, exactly = None, False
    for kind in _candidates(name, len(parameters), body.num_qubits):
        if cost <= 1000 and (same := _same(kind, parameters, body)) is not None:
            known, exactly = kind, same
    return Definition(name, tuple(parameters), body, cost, depth, known, exactly)


def _candidates(name: str, num_parameters: int, num_qubits: int) -> list[GateKind]:
    if name == "mcx" and not num_parameters and num_qubits in (4, 5):
        gate = C3XGate() if num_qubits == 4 else C4XGate()
        standard = getattr(gate, "_standard_gate", None)
        return [GateKind(name, 0, num_qubits, gate.base_class, standard)]
    kind = library().get(STDGATES.get(name, name))
    shape = (num_parameters, num_qubits)
    return [kind] if kind and (kind.num_parameters, kind.num_qubits) == shape else []


def _same(kind: GateKind, parameters: list[InputParameter], body: QuantumCircuit) -> bool | None:
    """Compares a body with a gate. None: different; False: equal up to a phase; True: equal.

    Both are analytic in their angles, so equality at two generic points is equality.
    """
    from qiskit.quantum_info import Operator

    exactly = True
    for start in (0.3711, -2.0179):
        values = [start + 0.8123 * k + 0.0911 * k * k for k in range(len(parameters))]
        bound = body.assign_parameters(dict(zip(parameters, values, strict=True)), strict=False)
        written = np.asarray(Operator(bound).data)
        meant = np.asarray(Operator(kind.make(values)).data)
        if not np.allclose(written, meant, rtol=0, atol=1e-10):
            exactly = False
            overlap = np.vdot(meant, written) / len(meant)
            if abs(abs(overlap) - 1) > 1e-12:
                return None
    return exactly


def controlled(gate: Gate, count: int, state: bool) -> Any:
    """``ctrl(count) @ gate``, or ``negctrl`` with ``state`` False.

    Raises:
        ValueError: too many controls, or a gate too wide for its matrix.
    """
    if count > MAX_CONTROLS:
        raise ValueError(f"more than {MAX_CONTROLS} controls")
    matrix = isinstance(gate, UnitaryGate) or (
        isinstance(gate, ControlledGate) and isinstance(gate.base_gate, UnitaryGate)
    )
    if matrix and gate.num_qubits + count > MAX_MATRIX_QUBITS:
        raise ValueError(f"a controlled power of more than {MAX_MATRIX_QUBITS} qubits")
    return gate.control(count, ctrl_state=(1 << count) - 1 if state else 0, annotated=False)


def powered(gate: Gate, exponent: float) -> Any:
    """``pow(exponent) @ gate``; with inputs among the angles, the exponent has to be an integer.

    Raises:
        ValueError: a gate too wide for its matrix.
    """
    if exponent == 1:
        return gate
    if exponent == -1:
        return gate.inverse()
    if exponent == int(exponent):
        symbolic = any(isinstance(angle, ParameterExpression) for angle in gate.params)
        if symbolic or gate.num_qubits > MAX_MATRIX_QUBITS:
            return _repeated(gate, int(exponent))
    if gate.num_qubits > MAX_MATRIX_QUBITS:
        raise ValueError(f"a power of a gate of more than {MAX_MATRIX_QUBITS} qubits")
    return gate.power(exponent)


def _repeated(gate: Gate, exponent: int) -> Gate:
    body = QuantumCircuit(gate.num_qubits)
    for _ in range(abs(exponent)):
        # Binding changes the gate object, so each one needs its own angles.
        body.append(gate.inverse() if exponent < 0 else gate.copy(), body.qubits)
    power = Gate(f"{gate.name}_to_{exponent}", gate.num_qubits, list(gate.params))
    power.definition = body
    return power


def controlled_phase(angle: Any, states: list[bool]) -> Gate:
    """``ctrl @ ... @ gphase(angle)``: a phase where every control has its state."""
    plain = PhaseGate(angle)
    if len(states) > 1:
        text = "".join("1" if state else "0" for state in reversed(states[:-1]))
        plain = plain.control(len(states) - 1, ctrl_state=text, annotated=False)
    if states[-1]:
        return plain
    body = QuantumCircuit(len(states), name="phase")
    body.x(len(states) - 1)
    body.append(plain, range(len(states)))
    body.x(len(states) - 1)
    return body.to_gate()


def duplicates(qubits: tuple[Qubit, ...]) -> bool:
    """Whether a qubit is named twice."""
    return len(qubits) > 1 and len(set(qubits)) != len(qubits)
