"""Twirled gates: samplomatic's template of a circuit and its random angles. Needs the extra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from qiskit_rest_primitives.circuits.measured import IDLE
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.mitigation.random_circuits.lowered import Lowered

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from samplomatic.samplex import Samplex

_FLIPS = "measurement_flips."
_BASES = "basis_changes."
# Gates of one qubit with angles are rewritten in these: samplomatic 0.21 confuses the angles of
# others (p, ry, u, r) that are in one layer, and takes no parameters in them.
_ROTATIONS = {"rz", "rx"}


@dataclass(frozen=True)
class Boxed:
    """A circuit whose layers are twirled.

    Attributes:
        boxes: the circuit with its layers in annotated boxes, on its active qubits only.
        qubits: these qubits, ascending; qubit k of ``boxes`` is ``qubits[k]``.
        template: what is run, on the device's qubits.
        samplex: samplomatic's distribution of the template's angles.
        parameters: for each parameter of the samplex its column in the values of the PUB.
        basis: the samplex's input for the basis of the final measurements, if it has one.
    """

    boxes: QuantumCircuit
    qubits: list[int]
    template: QuantumCircuit
    samplex: Samplex
    parameters: list[int]
    basis: str | None

    @classmethod
    def of(
        cls,
        circuit: QuantumCircuit,
        *,
        strategy: str,
        pub_index: int,
        observed: Sequence[int] = (),
        register: str = "",
        measure: bool,
        **boxing: Any,
    ) -> Boxed:
        """Builds the template.

        Args:
            circuit: as the user wrote it; for an estimator without final measurements.
            strategy: of twirling: which qubits a layer covers.
            pub_index: for messages.
            observed: qubits to be measured at the end, in any basis; bit i is the i-th of them.
            register: name of their new register.
            measure: whether measurements are twirled.
            boxing: more options of ``generate_boxing_pass_manager``.

        Raises:
            OptionsError: samplomatic can't twirl the circuit; says why.
        """
        import samplomatic
        from qiskit.circuit import ClassicalRegister
        from qiskit.transpiler.exceptions import TranspilerError
        from samplomatic.exceptions import BuildError, SamplexError, VirtualGateError
        from samplomatic.transpiler import generate_boxing_pass_manager

        kept = covered(circuit, strategy, observed)
        narrow = _delays_in_boxes(_rotations_only(_on(circuit, kept)))
        if observed:
            bits = ClassicalRegister(len(observed), register)
            narrow.add_register(bits)
            narrow.barrier()
            narrow.measure([kept.index(qubit) for qubit in observed], bits)
        manager = generate_boxing_pass_manager(
            enable_gates=True,
            enable_measures=measure or bool(observed),
            measure_annotations=("all" if measure else "change_basis") if observed else "twirl",
            twirling_strategy=cast("Any", strategy.replace("-", "_")),
            **boxing,
        )
        try:
            boxes = manager.run(narrow)
            template, samplex = samplomatic.build(boxes)
        except (TranspilerError, BuildError, SamplexError, VirtualGateError) as error:
            raise OptionsError(
                f"PUB {pub_index}: its gates can't be twirled ({error}); set "
                "twirling.enable_gates = False, or transpile the circuit to cz, cx or ecr"
            ) from error
        columns = {parameter: column for column, parameter in enumerate(circuit.parameters)}
        return cls(
            boxes,
            kept,
            _placed(template, kept, circuit.num_qubits),
            samplex,
            [columns[parameter] for parameter in samplex.parameters],
            _final_basis(boxes) if observed else None,
        )

    def sampled(
        self,
        values: np.ndarray,
        letters: np.ndarray | None,
        randomizations: int,
        rng: np.random.Generator,
        inputs: Mapping[str, Any] | None = None,
    ) -> Lowered:
        """Draws the random versions of each circuit.

        Args:
            values: float64 ``(circuits, parameters)``: the circuit's own.
            letters: int ``(circuits, observed qubits)``, positions in `LETTERS`, or None.
            randomizations: of each circuit.
            rng: the same draws give the same rows.
            inputs: more inputs of the samplex, such as the noise to inject.

        Returns:
            Also ``signs``, if noise with negative rates is injected.
        """
        given = dict(inputs or {})
        # Measurements within the circuit stay in the basis Z.
        for spec in self.samplex.inputs().get_specs(_BASES.rstrip(".")):
            given[spec.name] = np.zeros(cast("Any", spec).shape, dtype=np.uint8)
        drawn: list[Any] = []
        for number, row in enumerate(values):
            if self.parameters:
                given["parameter_values"] = row[self.parameters]
            if self.basis is not None and letters is not None:
                given[self.basis] = letters[number]
            drawn.append(self.samplex.sample(given, randomizations, rng=rng, max_workers=1))
        signs = None
        if "pauli_signs" in drawn[0]:
            odd = np.concatenate([out["pauli_signs"] for out in drawn]).sum(axis=-1) % 2
            signs = (1 - 2 * odd).astype(np.int8)
        return Lowered(
            self.template,
            np.concatenate([out["parameter_values"] for out in drawn]).astype(float),
            {
                name.removeprefix(_FLIPS): np.concatenate([out[name][:, 0] for out in drawn])
                for name in drawn[0]
                if name.startswith(_FLIPS)
            },
            signs,
        )


def covered(circuit: QuantumCircuit, strategy: str, observed: Sequence[int]) -> list[int]:
    """The qubits that the boxes may cover.

    Returns:
        All for the strategy "all"; else those with an operation other than a barrier or a delay,
        and those to be observed.
    """
    if strategy == "all":
        return list(range(circuit.num_qubits))
    numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    kept = set(observed)
    for item in circuit.data:
        if item.name not in IDLE:
            kept.update([numbers[qubit] for qubit in item.qubits])
    return sorted(kept)


def _on(circuit: QuantumCircuit, kept: Sequence[int]) -> QuantumCircuit:
    """The circuit without its other qubits."""
    from qiskit.circuit import Barrier, QuantumCircuit, QuantumRegister

    if len(kept) == circuit.num_qubits:
        return circuit.copy()
    narrow = QuantumCircuit(QuantumRegister(len(kept), "q"), circuit.clbits, *circuit.cregs)
    new = {circuit.qubits[old]: qubit for old, qubit in zip(kept, narrow.qubits, strict=True)}
    for item in circuit.data:
        qubits = [new[qubit] for qubit in item.qubits if qubit in new]
        if len(qubits) == len(item.qubits):
            narrow.append(item.replace(qubits=qubits), copy=False)
        elif item.name == "barrier" and qubits:
            narrow.append(Barrier(len(qubits)), qubits)
    return narrow


def _rotations_only(circuit: QuantumCircuit) -> QuantumCircuit:
    """Rewrites single-qubit gates with angles as rz and rx."""
    others = {
        item.name
        for item in circuit.data
        if item.is_standard_gate()
        and len(item.qubits) == 1
        and item.params
        and item.name not in _ROTATIONS
    }
    if not others:
        return circuit
    from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
    from qiskit.transpiler import PassManager
    from qiskit.transpiler.passes import BasisTranslator

    names = ({item.name for item in circuit.data} - others) | _ROTATIONS
    return PassManager([BasisTranslator(SessionEquivalenceLibrary, sorted(names))]).run(circuit)


def _delays_in_boxes(circuit: QuantumCircuit) -> QuantumCircuit:
    """Twirls delays like layers: gates before a delay could not be absorbed in any other box."""
    if not any(item.name == "delay" for item in circuit.data):
        return circuit
    from qiskit.circuit import BoxOp, QuantumCircuit
    from samplomatic import Twirl

    boxed = circuit.copy_empty_like()
    for item in circuit.data:
        if item.name == "delay":
            body = QuantumCircuit(list(item.qubits))  # samplomatic expects the circuit's own qubits
            body.append(item.operation, item.qubits, copy=False)
            boxed.append(BoxOp(body, annotations=[Twirl(dressing="left")]), item.qubits, copy=False)
        else:
            boxed.append(item, copy=False)
    return boxed


def _final_basis(boxes: QuantumCircuit) -> str:
    """The name of the samplex's input for the basis of the last measurements."""
    from samplomatic import ChangeBasis
    from samplomatic.utils import get_annotation

    for item in reversed(boxes.data):
        if item.name == "box" and (found := get_annotation(item.operation, ChangeBasis)):
            return f"{_BASES}{found.ref}"
    raise AssertionError("the final measurements are in no box")


def _placed(template: QuantumCircuit, kept: Sequence[int], num_qubits: int) -> QuantumCircuit:
    """The template on the device's qubits."""
    from qiskit.circuit import QuantumCircuit

    if len(kept) == num_qubits:
        return template
    wide = QuantumCircuit(num_qubits)
    for creg in template.cregs:
        wide.add_register(creg)
    wide.compose(template, kept, template.clbits, inplace=True)
    return wide
