"""Results of quantum programs, as users see them; names are those of ``qiskit_ibm_runtime``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, overload

import numpy as np

from qiskit_rest_primitives.wire.executor.passthrough import DataTree


@dataclass
class SchedulerTiming:
    """The schedule of a circuit.

    Attributes:
        timing: lines of comma-separated text, times in dt.
        circuit_duration: in dt.

    >>> circuit = QuantumCircuit(1)
    >>> circuit.delay(100, 0)
    <...>
    >>> circuit.measure_all()
    >>> executor = Executor(service.backend("fake_5q"))
    >>> executor.options.execution.scheduler_timing = True
    >>> program = QuantumProgram(shots=100, items=[CircuitItem(circuit)])
    >>> timing = executor.run(program).result()[0].metadata.scheduler_timing
    >>> timing.timing.splitlines()[0], timing.circuit_duration
    ('main,delay_0,Qubit 0,0,100,delay', 490)
    """

    timing: str
    circuit_duration: int


@dataclass
class StretchValues:
    """What a stretch became; all times in dt.

    Attributes:
        name: of the stretch.
        value: its length.
        remainder: what is left over.
        expanded_values: time and duration of each delay.

    >>> circuit = QuantumCircuit(2)
    >>> circuit.delay(100, 0)
    <...>
    >>> circuit.delay(circuit.add_stretch("idle"), 1)
    <...>
    >>> circuit.measure_all()
    >>> executor = Executor(service.backend("fake_5q"))
    >>> executor.options.execution.stretch_values = True
    >>> program = QuantumProgram(shots=100, items=[CircuitItem(circuit)])
    >>> executor.run(program).result()[0].metadata.stretch_values
    [StretchValues(name='idle', value=100, remainder=0, expanded_values=[(0, 100)])]
    """

    name: str
    value: int
    remainder: int
    expanded_values: list[tuple[int, int]]


@dataclass
class ItemMetadata:
    """What the service says about an item, if ``options.execution`` asked for it.

    >>> program = QuantumProgram(shots=100, items=[CircuitItem(bell)])
    >>> Executor(backend).run(program).result()[0].metadata
    ItemMetadata(scheduler_timing=None, stretch_values=None)
    """

    scheduler_timing: SchedulerTiming | None = None
    stretch_values: list[StretchValues] | None = None


@dataclass
class ChunkPart:
    """How many points of an item ran in a chunk.

    Attributes:
        idx_item: the number of the item.
        size: the number of its points.

    >>> program = QuantumProgram(shots=100, items=[CircuitItem(bell), CircuitItem(bell)])
    >>> timing = Executor(backend).run(program).result().timing
    >>> sorted((part.idx_item, part.size) for chunk in timing for part in chunk.parts)
    [(0, 1), (1, 1)]
    """

    idx_item: int
    size: int


@dataclass
class ChunkSpan:
    """When a chunk of a program ran.

    Attributes:
        start: UTC.
        stop: UTC.
        parts: what ran.

    >>> program = QuantumProgram(shots=100, items=[CircuitItem(bell)])
    >>> chunk = Executor(backend).run(program).result().timing[0]
    >>> chunk.start <= chunk.stop, chunk.parts
    (True, [ChunkPart(idx_item=0, size=1)])
    """

    start: datetime
    stop: datetime
    parts: list[ChunkPart]


@dataclass
class Metadata:
    """When each chunk of a program ran.

    >>> program = QuantumProgram(shots=100, items=[CircuitItem(bell)])
    >>> Executor(backend).run(program).result().metadata
    Metadata(chunk_timing=[ChunkSpan(start=..., stop=..., parts=[...])])
    """

    chunk_timing: list[ChunkSpan] = field(default_factory=list[ChunkSpan])


class ChunkTiming(Sequence[ChunkSpan]):
    """The chunks of a program, as a sequence.

    >>> program = QuantumProgram(shots=100, items=[CircuitItem(bell)])
    >>> timing = Executor(backend).run(program).result().timing
    >>> len(timing), timing.start <= timing.stop, timing.duration >= 0
    (1, True, True)
    """

    def __init__(self, spans: Iterable[ChunkSpan]):
        self._spans = list(spans)

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, index: int) -> ChunkSpan: ...

    @overload
    def __getitem__(self, index: slice) -> ChunkTiming: ...

    def __getitem__(self, index: int | slice) -> ChunkSpan | ChunkTiming:
        if isinstance(index, slice):
            return ChunkTiming(self._spans[index])
        return self._spans[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChunkTiming) and self._spans == other._spans

    __hash__ = None  # pyright: ignore[reportAssignmentType] - the spans can change

    def __repr__(self) -> str:
        return f"ChunkTiming({self._spans!r})"

    @property
    def start(self) -> datetime:
        """Start of the first chunk, UTC."""
        return min(span.start for span in self)

    @property
    def stop(self) -> datetime:
        """End of the last chunk, UTC."""
        return max(span.stop for span in self)

    @property
    def duration(self) -> float:
        """From the first start to the last stop, in seconds."""
        return (self.stop - self.start).total_seconds()

    def draw(
        self,
        name: str | None = None,
        normalize_y: bool = False,
        line_width: int = 4,
        tz: timezone | None = None,
    ) -> Any:
        """Draws how the work was done over time.

        Args:
            name: a label.
            normalize_y: the share of the work instead of the number of points.
            line_width: of the line segments.
            tz: of the times; None is the local one.

        Returns:
            A figure of plotly.

        Raises:
            ImportError: samplomatic or plotly is not installed.
        """
        try:
            from samplomatic.visualization.draw_chunk_timings import draw_chunk_timings

            timings: Any = self
            return draw_chunk_timings(
                timings, names=name, normalize_y=normalize_y, line_width=line_width, tz=tz
            )
        except ImportError as error:  # plotly is first imported by the call
            raise ImportError(
                "timing.draw() needs plotly and samplomatic: "
                "pip install plotly 'qiskit-rest-primitives[executor]'",
                name=error.name,
            ) from error


class QuantumProgramItemResult(MutableMapping[str, np.ndarray]):
    """The result of an item: name -> array.

    Args:
        result: a bool array ``(*shape, shots, bits)`` for each classical register, bit 0 first; for
            samplex items also what the samplex gave.
        metadata: what the service says about the item.

    >>> program = QuantumProgram(shots=100, items=[CircuitItem(bell)])
    >>> item = Executor(backend).run(program).result()[0]
    >>> item
    QuantumProgramItemResult({'meas': <bool (100, 2)>})
    >>> bool((item["meas"][:, 0] == item["meas"][:, 1]).all())
    True
    """

    def __init__(
        self,
        result: Mapping[str, np.ndarray],
        metadata: ItemMetadata | dict[str, Any] | None = None,
    ):
        self._result = dict(result)
        self.metadata = metadata or ItemMetadata()

    def __getitem__(self, key: str) -> np.ndarray:
        return self._result[key]

    def __setitem__(self, key: str, value: np.ndarray) -> None:
        self._result[key] = value

    def __delitem__(self, key: str) -> None:
        del self._result[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._result)

    def __len__(self) -> int:
        return len(self._result)

    def __repr__(self) -> str:
        arrays = ", ".join(
            f"{name!r}: <{array.dtype} {array.shape}>" for name, array in self._result.items()
        )
        return f"QuantumProgramItemResult({{{arrays}}})"


class QuantumProgramResult(Sequence[QuantumProgramItemResult]):
    """The result of a quantum program, one part for each item.

    Args:
        data: of the items.
        metadata: when what ran.
        passthrough_data: of the program, unchanged.

    >>> program = QuantumProgram(shots=100)
    >>> program.append_circuit_item(bell)
    >>> result = Executor(backend).run(program).result()
    >>> result[0]["meas"].shape, result.timing[0].parts
    ((100, 2), [ChunkPart(idx_item=0, size=1)])
    """

    def __init__(
        self,
        data: Sequence[Mapping[str, np.ndarray] | QuantumProgramItemResult],
        metadata: Metadata | None = None,
        passthrough_data: DataTree = None,
    ):
        self._data = [
            datum
            if isinstance(datum, QuantumProgramItemResult)
            else QuantumProgramItemResult(datum)
            for datum in data
        ]
        self.metadata = metadata or Metadata()
        self.passthrough_data = passthrough_data
        # Other clients mark their own programs with it; nothing here reads it.
        self._semantic_role: str | None = None

    def __len__(self) -> int:
        return len(self._data)

    @overload
    def __getitem__(self, index: int) -> QuantumProgramItemResult: ...

    @overload
    def __getitem__(self, index: slice) -> list[QuantumProgramItemResult]: ...

    def __getitem__(
        self, index: int | slice
    ) -> QuantumProgramItemResult | list[QuantumProgramItemResult]:
        return self._data[index]

    def __repr__(self) -> str:
        return f"QuantumProgramResult(<{len(self)} results>)"

    @property
    def timing(self) -> ChunkTiming:
        """When the chunks of the program ran."""
        return ChunkTiming(self.metadata.chunk_timing)
