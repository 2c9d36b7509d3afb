"""Sampled circuits -> what Qiskit's `Result` holds of each: header, counts, memory. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
            bits: BitArray = sampled.data[self.register]
            counts = bits.get_int_counts()
            outcomes["counts"] = {hex(outcome): number for outcome, number in counts.items()}
            if memory:
                shots = (int.from_bytes(shot.tobytes(), "big") for shot in bits.array)
                outcomes["memory"] = [hex(shot) for shot in shots]
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
    header = header_of(circuit)
    if not circuit.clbits:
        return circuit, RunCircuit(header, None)
    names = [creg.name for creg in circuit.cregs]
    for creg in circuit.cregs:
        if list(creg) == circuit.clbits:
            return circuit, RunCircuit(header, creg.name)
    name = "all_bits"
    while name in names:
        name += "_"
    circuit = circuit.copy()
    circuit.add_register(ClassicalRegister(bits=circuit.clbits, name=name))
    return circuit, RunCircuit(header, name)


def header_of(circuit: QuantumCircuit) -> dict[str, Any]:
    """The header of a circuit's result, with the fields that Aer writes.

    `Result` cuts outcomes into registers by the sizes in ``creg_sizes`` alone. The list is empty if
    the registers are not all of the bits one after the other: then outcomes are left whole, as
    bits would get lost or under a wrong name.
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
