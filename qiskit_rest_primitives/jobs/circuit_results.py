"""Sampled circuits -> what Qiskit's `Result` holds of each: header, counts, memory. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import ClassicalRegister
from qiskit.result.models import ExperimentResult, ExperimentResultData

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives import BitArray, SamplerPubResult


@dataclass(frozen=True)
class RunCircuit:
    """What the result of a circuit needs to know of it.

    Attributes:
        header: as Qiskit's simulators write it: name, metadata, registers and their sizes.
        register: the register whose bits are all the circuit's bits in order; None without bits.
    """

    header: dict[str, Any]
    register: str | None

    def result(self, sampled: SamplerPubResult, memory: bool) -> ExperimentResult:
        """Counts the shots of this circuit.

        Args:
            sampled: what the sampler measured.
            memory: whether to list the outcome of each shot.
        """
        outcomes: dict[str, Any] = {}
        if self.register is not None:
            counts, shots_in_order = count(sampled.data[self.register])
            outcomes = {"counts": counts, **({"memory": shots_in_order} if memory else {})}
        return ExperimentResult(
            shots=sampled.metadata["shots"],
            success=True,
            status="DONE",
            data=ExperimentResultData(**outcomes),
            header=self.header,
            metadata={k: v for k, v in sampled.metadata.items() if k != "circuit_metadata"},
        )


def prepare(circuit: QuantumCircuit) -> tuple[QuantumCircuit, RunCircuit]:
    """Gives a circuit one register over all its classical bits, in order, if it has none.

    `Result` numbers outcomes by the circuit's bits; samplers return registers, of which a bit may
    be in none or in several.

    Returns:
        The circuit to sample, and what its result needs to know.
    """
    name = next((creg.name for creg in circuit.cregs if list(creg) == circuit.clbits), None)
    header = header_of(circuit)
    if name is None and circuit.clbits:
        taken = {creg.name for creg in circuit.cregs}
        name = next(free for free in _names() if free not in taken)
        circuit = circuit.copy()
        circuit.add_register(ClassicalRegister(bits=circuit.clbits, name=name))
    return circuit, RunCircuit(header, name)


def _names() -> Iterable[str]:
    yield "all_bits"
    number = 0
    while True:
        number += 1
        yield f"all_bits_{number}"


def header_of(circuit: QuantumCircuit) -> dict[str, Any]:
    """The header of a circuit's result, with the fields that Aer writes.

    ``creg_sizes`` is where `Result` puts spaces into outcomes. It cuts them from the lowest bit on,
    so the list is empty if the registers are not all of the bits one after the other: then an
    outcome has no spaces, and its characters are the bits.
    """
    bits = [bit for creg in circuit.cregs for bit in creg]
    return {
        "name": circuit.name,
        "metadata": dict(circuit.metadata or {}),
        "memory_slots": circuit.num_clbits,
        "n_qubits": circuit.num_qubits,
        "global_phase": float(circuit.global_phase),
        "qreg_sizes": [[qreg.name, qreg.size] for qreg in circuit.qregs],
        "creg_sizes": [[creg.name, creg.size] for creg in circuit.cregs]
        if bits == circuit.clbits
        else [],
    }


def count(bits: BitArray) -> tuple[dict[str, int], list[str]]:
    """Counts outcomes.

    Args:
        bits: of shape ``()``.

    Returns:
        The number of shots of each outcome, and the outcome of each shot; outcomes are hexadecimal
        as in ``0x1f``.
    """
    outcomes, which, counts = np.unique(bits.array, axis=0, return_inverse=True, return_counts=True)
    names = [hex(int.from_bytes(outcome.tobytes(), "big")) for outcome in outcomes]
    in_order = [names[index] for index in which.reshape(-1)]
    return dict(zip(names, counts.tolist(), strict=True)), in_order
