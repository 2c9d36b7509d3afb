"""Runs a circuit with measurements, resets and control flow on `Branches`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from qiskit.circuit import (
    Barrier,
    BoxOp,
    BreakLoopOp,
    ContinueLoopOp,
    Delay,
    ForLoopOp,
    IfElseOp,
    Measure,
    QuantumCircuit,
    Reset,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr
from qiskit.circuit.controlflow import CASE_DEFAULT
from qiskit.circuit.library import UnitaryGate

from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.classical_reads import reads_of
from qiskit_rest_primitives.local.simulators.methods.branches import Branches, TooManyBranchesError
from qiskit_rest_primitives.local.simulators.methods.classical import Places

MAX_ROUNDS = 100_000
# Branches still in a loop are dropped below this total probability, which bounds the error.
_NEGLIGIBLE = 1e-12
_WIDEST_MATRIX = 10
_SMALL_GATE = 3
_PRIMITIVE = (Measure, Reset, Store, Barrier, Delay, BreakLoopOp, ContinueLoopOp)


@dataclass
class _Loop:
    """Branches that left the body of a loop before its end."""

    broken: list[Branches] = field(default_factory=list[Branches])
    continued: list[Branches] = field(default_factory=list[Branches])


@dataclass
class _Read:
    """The classical memory that decides what happens later."""

    bits: set[int] = field(default_factory=set[int])
    variables: set[expr.Var] = field(default_factory=set[expr.Var])


@dataclass
class Walk:
    """One run of a circuit.

    Attributes:
        check: called between instructions; raises to stop.
        rng: decides the outcomes of measurements; None for exact values, which follow all outcomes.
    """

    check: Callable[[], None]
    rng: np.random.Generator | None = None
    _loops: list[_Loop] = field(default_factory=list[_Loop])
    _read_later: _Read = field(default_factory=_Read)
    _merge_beyond: int = 8

    def run(self, circuit: QuantumCircuit, state: Branches) -> Branches:
        """Runs a circuit with bound parameters.

        Raises:
            RefusedError: an instruction or expression that has no simulation, or an endless loop.
            TooManyBranchesError: the branches do not fit in memory.
        """
        places = _numbered(circuit)
        later = _reads_from_each_place_on(circuit, places)
        _declare(circuit, state)
        for number, instruction in enumerate(circuit.data):
            # A loop repeats its earlier reads, so the whole instruction counts.
            self._read_later = later[number]
            state = self._step(instruction, state, places)
        return state

    def _block(self, circuit: QuantumCircuit, state: Branches, places: Places) -> Branches:
        _declare(circuit, state)
        for instruction in circuit.data:
            if not state.count:
                break
            state = self._step(instruction, state, places)
        return state

    def _step(self, instruction: Any, state: Branches, places: Places) -> Branches:
        self.check()
        operation = instruction.operation
        qubits = [places[qubit] for qubit in instruction.qubits]
        if isinstance(operation, (Barrier, Delay)):
            return state
        if isinstance(operation, Measure):
            state, outcome = self._measured(state, qubits[0])
            state.memory.bits[places[instruction.clbits[0]]] = outcome
            return self._merged(state)
        if isinstance(operation, Reset):
            state, outcome = self._measured(state, qubits[0])
            state.flip(qubits[0], outcome)
            return self._merged(state)
        if isinstance(operation, Store):
            value = state.memory.evaluate(operation.rvalue, places)
            state.memory.store(operation.lvalue, value, places)
            return state
        if isinstance(operation, (BreakLoopOp, ContinueLoopOp)):
            loop = self._loops[-1]
            (loop.broken if isinstance(operation, BreakLoopOp) else loop.continued).append(state)
            return state.take(np.zeros(state.count, dtype=bool))
        inside = [_placed(block, instruction, places) for block in _blocks_of(operation)]
        if isinstance(operation, BoxOp):
            return self._block(operation.body, state, inside[0])
        if isinstance(operation, IfElseOp):
            holds = state.memory.holds(operation.condition, places)
            return self._chosen(state, np.where(holds, 0, 1), operation.blocks, inside)
        if isinstance(operation, SwitchCaseOp):
            values = state.memory.read(operation.target, places)
            return self._chosen(state, _cases(operation, values), operation.blocks, inside)
        if isinstance(operation, WhileLoopOp):
            return self._while(operation, state, places, inside[0])
        if isinstance(operation, ForLoopOp):
            return self._for(operation, state, inside[0])
        matrix = _matrix(operation)
        if matrix is not None:
            state.apply(matrix, qubits)
            return state
        return self._block(operation.definition, state, inside[0])

    def _chosen(
        self, state: Branches, choice: np.ndarray, blocks: Any, inside: list[Places]
    ) -> Branches:
        """Runs block number `choice` on each branch; a number without a block changes nothing."""
        parts = [state.take((choice < 0) | (choice >= len(blocks)))]
        for number, block in enumerate(blocks):
            part = state.take(choice == number)
            if part.count:
                parts.append(self._block(block, part, inside[number]))
        return self._merged(Branches.join(parts))

    def _while(
        self, operation: WhileLoopOp, state: Branches, places: Places, inside: Places
    ) -> Branches:
        done: list[Branches] = []
        for _ in range(MAX_ROUNDS):
            holds = state.memory.holds(operation.condition, places)
            done.append(state.take(~holds))
            state = state.take(holds)
            if not state.count or state.weight() < _NEGLIGIBLE:
                return self._merged(Branches.join(done))
            loop, state = self._round(operation.blocks[0], state, inside)
            done += loop.broken
            if state.shots is None:
                # A loop that repeats until success would otherwise keep one branch per round.
                done = [self._merged(Branches.join(done))]
        raise RefusedError(
            f"a while loop did not end within {MAX_ROUNDS} rounds",
            solution="Use a loop whose condition becomes false.",
        )

    def _for(self, operation: ForLoopOp, state: Branches, inside: Places) -> Branches:
        values, parameter, body = cast("tuple[Any, Any, Any]", tuple(operation.params))
        done: list[Branches] = []
        for value in values:
            if not state.count:
                break
            block = body
            if isinstance(parameter, expr.Var):
                state.memory.values[parameter] = np.full(state.count, value, dtype=object)
            elif parameter is not None and parameter in body.parameters:
                block = body.assign_parameters({parameter: value})
            loop, state = self._round(block, state, inside)
            done += loop.broken
        return self._merged(Branches.join([state, *done]))

    def _round(
        self, body: QuantumCircuit, state: Branches, inside: Places
    ) -> tuple[_Loop, Branches]:
        loop = _Loop()
        self._loops.append(loop)
        state = self._block(body, state, inside)
        self._loops.pop()
        return loop, self._merged(Branches.join([state, *loop.continued]))

    def _measured(self, state: Branches, qubit: int) -> tuple[Branches, np.ndarray]:
        try:
            return state.measure(qubit, self.rng)
        except TooManyBranchesError:
            if self.rng is not None:
                raise
            return self._merged(state, at_once=True).measure(qubit, self.rng)

    def _merged(self, state: Branches, *, at_once: bool = False) -> Branches:
        """Merges branches: for exact values, at most 2**qubits of them have equal memory."""
        if state.shots is not None or not (at_once or state.count > self._merge_beyond):
            return state
        read = self._read_later
        groups: dict[Any, list[int]] = {}
        for number, key in enumerate(state.memory.keys(sorted(read.bits), read.variables)):
            groups.setdefault(key, []).append(number)
        state = state.merged(groups.values())
        self._merge_beyond = max(8, 2 * state.count)
        return state


def _numbered(circuit: QuantumCircuit) -> dict[Any, int]:
    numbers: dict[Any, int] = {bit: number for number, bit in enumerate(circuit.qubits)}
    return numbers | {bit: number for number, bit in enumerate(circuit.clbits)}


def _blocks_of(operation: Any) -> tuple[QuantumCircuit, ...]:
    """Circuits within an operation: blocks of control flow, or the definition of anything else."""
    if (blocks := getattr(operation, "blocks", None)) is not None:
        return tuple(blocks)
    if isinstance(operation, _PRIMITIVE) or _has_matrix(operation):
        return ()
    definition = getattr(operation, "definition", None)
    if definition is None:
        raise RefusedError(
            f"the simulator of dynamic circuits has no instruction {operation.name!r}",
            solution="Use gates that have a matrix or a definition.",
        )
    return (definition,)


def _placed(block: QuantumCircuit, instruction: Any, places: Places) -> Places:
    """The indices of a block's bits, which match its instruction's bits one by one."""
    own = dict(zip(block.qubits, (places[bit] for bit in instruction.qubits), strict=True))
    own |= zip(block.clbits, (places[bit] for bit in instruction.clbits), strict=True)
    return {**places, **own}


def _declare(circuit: QuantumCircuit, state: Branches) -> None:
    for variable in circuit.iter_declared_vars():
        state.memory.declare(variable)


def _cases(operation: SwitchCaseOp, values: np.ndarray) -> np.ndarray:
    """The number of the block for each value, -1 where there is none."""
    choice = np.full(len(values), -1)
    for number, (labels, _) in enumerate(operation.cases_specifier()):
        for label in labels:
            fits = True if label is CASE_DEFAULT else values == int(label)
            choice[(choice < 0) & fits] = number
    return choice


def _has_matrix(operation: Any) -> bool:
    if operation.num_clbits:
        return False
    if isinstance(operation, UnitaryGate) or operation.num_qubits <= _SMALL_GATE:
        return hasattr(operation, "__array__") or not hasattr(operation, "definition")
    return getattr(operation, "definition", None) is None and (
        operation.num_qubits <= _WIDEST_MATRIX and hasattr(operation, "to_matrix")
    )


def _matrix(operation: Any) -> np.ndarray | None:
    """The matrix of a small gate, or of a gate without a definition; None for others."""
    return np.asarray(operation.to_matrix(), dtype=complex) if _has_matrix(operation) else None


def _reads_from_each_place_on(circuit: QuantumCircuit, places: Places) -> list[_Read]:
    """For each instruction the bits and variables that it and those after it read."""
    later: list[_Read] = []
    read = _Read()
    for instruction in reversed(circuit.data):
        own = _Read()
        _add_reads(instruction, places, own)
        if own.bits or own.variables:
            read = _Read(read.bits | own.bits, read.variables | own.variables)
        later.append(read)
    return later[::-1]


def _add_reads(instruction: Any, places: Places, read: _Read) -> None:
    operation = instruction.operation
    for item in reads_of(operation):
        if isinstance(item, expr.Expr):
            for variable in expr.iter_vars(item):
                if variable.standalone:
                    read.variables.add(variable)
                else:
                    _add_bits(variable.var, places, read)
        else:
            _add_bits(item, places, read)
    for block in _blocks_of(operation):
        inside = _placed(block, instruction, places)
        for inner in block.data:
            _add_reads(inner, inside, read)


def _add_bits(item: Any, places: Places, read: _Read) -> None:
    bits: Any = [item] if item in places else item
    read.bits.update(places[bit] for bit in bits)
