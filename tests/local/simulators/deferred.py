"""Random dynamic circuits, and their values by deferred measurement on Aer's density matrix.

A bit of classical memory is an ancilla, a measurement copies a qubit to it, a condition is a
control. Nothing is measured: Aer's density matrix of the whole gives exact values.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, QuantumRegister
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import (
    CXGate,
    CZGate,
    HGate,
    RYGate,
    SGate,
    SwapGate,
    SXGate,
    TGate,
    UnitaryGate,
    XGate,
)

NUM_CLBITS = 2
DEPTH = 2
_ONE = [HGate(), XGate(), SGate(), TGate(), SXGate(), RYGate(0.7), RYGate(2.1)]
_TWO = [CXGate(), CZGate()]
Bits = tuple[bool, ...]

CONDITIONS: list[tuple[Callable[[ClassicalRegister], Any], Callable[[Bits], bool]]] = [
    (lambda c: (c[0], 1), lambda b: b[0]),
    (lambda c: (c[1], 0), lambda b: not b[1]),
    (lambda c: (c, 2), lambda b: b == (False, True)),
    (lambda c: expr.bit_xor(c[0], c[1]), lambda b: b[0] != b[1]),
    (lambda c: expr.logic_and(c[0], c[1]), lambda b: b[0] and b[1]),
    (lambda c: expr.logic_or(c[0], expr.logic_not(c[1])), lambda b: b[0] or not b[1]),
    (lambda c: expr.less(c, 2), lambda b: not b[1]),
    (lambda c: expr.not_equal(c, 3), lambda b: not (b[0] and b[1])),
    (lambda c: expr.equal(expr.shift_left(c, 1), 2), lambda b: b[0]),
    (lambda c: expr.cast(c, types.Bool()), lambda b: b[0] or b[1]),
]
"""How a condition is written, and what it means."""


def programs(num_qubits: int) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Lists of steps: gates, measurements, resets and conditions with one or two bodies."""
    qubit = st.integers(0, num_qubits - 1)
    two = st.permutations(range(num_qubits)).map(lambda order: tuple(order[:2]))
    simple = st.one_of(
        st.tuples(st.just("gate"), st.sampled_from(_ONE), qubit.map(lambda q: (q,))),
        st.tuples(st.just("gate"), st.sampled_from(_TWO), two),
        st.tuples(st.just("measure"), qubit, st.integers(0, NUM_CLBITS - 1)),
        st.tuples(st.just("reset"), qubit),
    )
    step = simple
    for _ in range(DEPTH):
        body = st.lists(step, max_size=4)
        condition = st.integers(0, len(CONDITIONS) - 1)
        step = st.one_of(
            simple, simple, st.tuples(st.just("if"), condition, body, st.none() | body)
        )
    return st.lists(step, min_size=3, max_size=10)


def dynamic_circuit(num_qubits: int, steps: list[tuple[Any, ...]]) -> QuantumCircuit:
    """The program as a circuit with measurements and conditions."""
    clbits = ClassicalRegister(NUM_CLBITS, "c")
    circuit = QuantumCircuit(QuantumRegister(num_qubits, "q"), clbits)

    def add(steps: list[tuple[Any, ...]]) -> None:
        for step in steps:
            if step[0] == "gate":
                circuit.append(step[1], step[2])
            elif step[0] == "measure":
                circuit.measure(step[1], clbits[step[2]])
            elif step[0] == "reset":
                circuit.reset(step[1])
            else:
                with circuit.if_test(CONDITIONS[step[1]][0](clbits)) as other:
                    add(step[2])
                if step[3] is not None:
                    with other:
                        add(step[3])

    add(steps)
    return circuit


def _depth(steps: list[tuple[Any, ...]]) -> int:
    """How deep conditions are nested."""
    inside = [_depth([*step[2], *(step[3] or [])]) for step in steps if step[0] == "if"]
    return 1 + max(inside) if inside else 0


class Deferred:
    """The program without measurements: its qubits, one per bit, a spare one, one per condition."""

    def __init__(self, num_qubits: int, steps: list[tuple[Any, ...]]):
        self.num_qubits = num_qubits
        self.bits = [num_qubits + bit for bit in range(NUM_CLBITS)]
        self.spare = num_qubits + NUM_CLBITS
        depth = _depth(steps)
        self.flags = [self.spare + 1 + level for level in range(depth)]
        self.circuit = QuantumCircuit(self.spare + 1 + depth)
        self.add(steps, None)

    def add(self, steps: list[tuple[Any, ...]], flag: int | None, depth: int = 0) -> None:
        """Adds steps that happen where the flag is 1, or always."""
        for step in steps:
            if step[0] == "gate":
                self.controlled(step[1], step[2], flag)
            elif step[0] == "measure":
                self.controlled(CXGate(), (step[1], self.spare), flag)
                self.replace(self.bits[step[2]], flag)
            elif step[0] == "reset":
                self.replace(step[1], flag)
            else:
                own = self.flags[depth]
                self.set_flag(own, flag, CONDITIONS[step[1]][1])
                self.add(step[2], own, depth + 1)
                if step[3] is not None:
                    # Not computed again: the first body may have changed the bits.
                    self.controlled(XGate(), (own,), flag)
                    self.add(step[3], own, depth + 1)
                self.circuit.reset(own)

    def set_flag(self, flag: int, outer: int | None, holds: Callable[[Bits], bool]) -> None:
        """Flips the flag where the outer flag is 1 and the condition holds."""
        fitting = [
            place
            for place, bits in enumerate(itertools.product([False, True], repeat=NUM_CLBITS))
            if holds(bits[::-1])
        ]
        flip = np.eye(2 * 2**NUM_CLBITS)
        for place in fitting:
            flip[2 * place : 2 * place + 2, 2 * place : 2 * place + 2] = [[0, 1], [1, 0]]
        self.controlled(UnitaryGate(flip), (flag, *self.bits), outer)

    def replace(self, qubit: int, flag: int | None) -> None:
        """Puts the spare qubit in a qubit's place, and ignores the old one."""
        self.controlled(SwapGate(), (qubit, self.spare), flag)
        self.circuit.reset(self.spare)

    def controlled(self, gate: Any, qubits: tuple[int, ...], flag: int | None) -> None:
        """Adds a gate that acts where the flag is 1, or always."""
        if flag is None:
            self.circuit.append(gate, qubits)
            return
        small = gate.to_matrix()
        whole = np.eye(2 * len(small), dtype=complex)
        whole[len(small) :, len(small) :] = small
        self.circuit.append(UnitaryGate(whole, check_input=False), [*qubits, flag])

    def expectations(self, paulis: list[str]) -> list[float]:
        """Exact values of Pauli strings on the program's qubits."""
        from qiskit.quantum_info import DensityMatrix, Pauli
        from qiskit_aer import AerSimulator
        from qiskit_aer.library import SaveDensityMatrix

        saving = self.circuit.copy()
        saving.append(SaveDensityMatrix(self.num_qubits), range(self.num_qubits))
        # If Aer leaves out qubits without a gate, it may confuse the others.
        simulator = AerSimulator(
            method="density_matrix",
            max_parallel_threads=1,
            enable_truncation=False,
            fusion_enable=False,
        )
        state = DensityMatrix(simulator.run(saving, shots=1).result().data()["density_matrix"])
        return [float(np.real(state.expectation_value(Pauli(pauli)))) for pauli in paulis]
