"""QuantumProgram and its items, as users make them; names are those of ``qiskit_ibm_runtime``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives.mitigation.base.extra import INSTALL_EXECUTOR
from qiskit_rest_primitives.wire.executor.passthrough import DataTree
from qiskit_rest_primitives.wire.executor.program import MeasLevel

if TYPE_CHECKING:
    from qiskit.quantum_info import PauliLindbladMap


class QuantumProgramItem(Protocol):
    """A circuit and what its parameters are: a `CircuitItem`, or samplomatic's SamplexItem.

    >>> items: list[QuantumProgramItem] = [CircuitItem(bell), CircuitItem(bell, chunk_size=1)]
    >>> [(item.shape, item.chunk_size) for item in items]
    [((), None), ((), 1)]
    """

    circuit: QuantumCircuit
    chunk_size: int | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the item: one point for each set of values."""
        ...


class CircuitItem:
    """A circuit and values of its parameters.

    Args:
        circuit: what is run.
        circuit_arguments: ``(*shape, num_parameters)``, in ``circuit.parameters`` order.
        chunk_size: the most points that run at once; for jobs of a session only.

    Raises:
        ValueError: not a circuit, or values that are not its parameters'.

    >>> circuit = QuantumCircuit(1)
    >>> circuit.ry(Parameter("theta"), 0)
    <...>
    >>> circuit.measure_all()
    >>> item = CircuitItem(circuit, circuit_arguments=[[0.0], [1.5], [3.0]])
    >>> item.shape, QuantumProgram(shots=100, items=[item]).items[0] is item
    ((3,), True)
    """

    def __init__(
        self,
        circuit: QuantumCircuit,
        *,
        circuit_arguments: Any = None,
        chunk_size: int | None = None,
    ):
        if not isinstance(circuit, QuantumCircuit):  # pyright: ignore[reportUnnecessaryIsInstance] - users may pass anything
            raise ValueError(f"expected a QuantumCircuit, not {type(circuit).__name__}")
        count = circuit.num_parameters
        if circuit_arguments is None:
            if count:
                raise ValueError(
                    f"circuit {circuit.name!r} has {count} parameters: pass circuit_arguments, an "
                    f"array whose last axis is {count}"
                )
            circuit_arguments = []
        values = np.array(circuit_arguments, dtype=float)
        if values.ndim == 0 or values.shape[-1] != count:
            raise ValueError(
                f"circuit {circuit.name!r} has {count} parameters, circuit_arguments have the "
                f"shape {values.shape}: pass an array whose last axis is {count}"
            )
        self.circuit = circuit
        self.circuit_arguments = values
        self.chunk_size = chunk_size

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the item."""
        return self.circuit_arguments.shape[:-1]

    def size(self) -> int:
        """The number of points."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        return f"CircuitItem({self.circuit.name!r}, shape={self.shape})"


class QuantumProgram:
    """Circuits to run with one number of shots; `Executor` runs it.

    Args:
        shots: of each point of each item.
        items: `CircuitItem`, or SamplexItem of samplomatic.
        noise_maps: name -> map, for samplex items that have an argument of that name.
        meas_level: what measurements give: bits (``"classified"``), points in the complex plane
            (``"kerneled"``), their mean over the shots, or both bits and points.
        passthrough_data: comes back unchanged in the result.

    >>> theta = Parameter("theta")
    >>> circuit = QuantumCircuit(1)
    >>> circuit.ry(theta, 0)
    <...>
    >>> circuit.measure_all()
    >>> program = QuantumProgram(shots=100, passthrough_data={"angles": "pi and 0"})
    >>> program.append_circuit_item(circuit, [[3.141592653589793], [0]])
    >>> result = Executor(backend).run(program).result()
    >>> result[0]["meas"].shape, result[0]["meas"].sum(axis=1).tolist()
    ((2, 100, 1), [[100], [0]])
    >>> result.passthrough_data
    {'angles': 'pi and 0'}
    """

    def __init__(
        self,
        shots: int,
        items: Iterable[QuantumProgramItem] | None = None,
        noise_maps: Mapping[str, PauliLindbladMap] | None = None,
        meas_level: MeasLevel = "classified",
        passthrough_data: DataTree = None,
    ):
        self.shots = shots
        self.items: list[QuantumProgramItem] = list(items or ())
        self.noise_maps = dict(noise_maps or {})
        self.meas_level: MeasLevel = meas_level
        self.passthrough_data = passthrough_data
        # Other clients mark their own programs with it.
        self._semantic_role: str | None = None

    @classmethod
    def from_(cls, program: Any) -> QuantumProgram:
        """Takes over the data of a QuantumProgram of samplomatic or of the official client."""
        made = cls(
            program.shots,
            program.items,
            program.noise_maps,
            program.meas_level,
            program.passthrough_data,
        )
        made._semantic_role = getattr(program, "_semantic_role", None)
        return made

    def append_circuit_item(
        self,
        circuit: QuantumCircuit,
        circuit_arguments: Any = None,
        *,
        chunk_size: int | None = None,
    ) -> None:
        """Appends a `CircuitItem`; arguments and errors are its own.

        >>> program = QuantumProgram(shots=100)
        >>> program.append_circuit_item(bell)
        >>> program.items[0].shape
        ()
        """
        self.items.append(
            CircuitItem(circuit, circuit_arguments=circuit_arguments, chunk_size=chunk_size)
        )

    def append_samplex_item(
        self,
        circuit: QuantumCircuit,
        samplex: Any,
        samplex_arguments: Mapping[str, Any] | None = None,
        *,
        shape: tuple[int, ...] | None = None,
        chunk_size: int | None = None,
    ) -> None:
        """Appends a circuit and the samplex that draws its values.

        Args:
            circuit: the template, from ``samplomatic.build``.
            samplex: from the same call.
            samplex_arguments: by name, as the samplex takes them; they come before `noise_maps`.
            shape: extends that of the arguments; its other axes are randomizations.
            chunk_size: the most points that run at once; for jobs of a session only.

        Raises:
            ImportError: samplomatic is not installed.
            ValueError: arguments that the samplex does not take or lacks.
        """
        names = {spec.name for spec in samplex.inputs().get_specs()}
        maps = {
            name: noise
            for name, noise in self.noise_maps.items()
            if f"pauli_lindblad_maps.{name}" in names
        }
        item: QuantumProgramItem = samplex_item_class()(
            circuit,
            samplex,
            samplex_arguments={"pauli_lindblad_maps": maps, **(samplex_arguments or {})},
            shape=shape,
            chunk_size=chunk_size,
        )
        self.items.append(item)

    def __repr__(self) -> str:
        if not self.items:
            return f"QuantumProgram(shots={self.shots})"
        lines = "".join(f"    {item!r},\n" for item in self.items)
        return f"QuantumProgram(shots={self.shots}, items=[\n{lines}])"


def samplex_item_class() -> Any:
    """SamplexItem of samplomatic.

    Raises:
        ImportError: it is not installed.
    """
    try:
        from samplomatic.quantum_program import SamplexItem
    except ImportError as error:
        raise ImportError(
            f"samplex items need samplomatic: {INSTALL_EXECUTOR}", name=error.name
        ) from None
    return SamplexItem
