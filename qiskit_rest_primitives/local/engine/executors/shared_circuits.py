"""Large circuits of tasks apart from their tasks, so that each travels and is read once.

The tasks of a PUB share its circuit. Pickling one of 40,000 gates, two megabytes, takes a second.
"""

from __future__ import annotations

import pickle
import threading
import uuid
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any, Final

from qiskit.circuit import QuantumCircuit

from qiskit_rest_primitives.local.engine.base.tasks import Task

LARGE: Final = 1000
"""Instructions from which a circuit is sent apart: some 50 kB."""
KEPT: Final = 4
"""Large circuits that a worker has in memory."""


@dataclass(eq=False)
class SharedCircuit:
    """A large circuit, pickled.

    Attributes:
        data: the pickle.
        key: names it at the workers.
        sent: Dask's future of ``data`` while it is at the cluster.
    """

    data: bytes
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    sent: Any = None


class SharedCircuits:
    """The large circuits of all tasks that were sent, for as long as their jobs need them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, tuple[weakref.ref[QuantumCircuit], SharedCircuit]] = {}

    def apart(self, work: Any) -> tuple[Any, SharedCircuit | None]:
        """The task without its circuit, and that; or the same work, and None if it is small."""
        if not isinstance(work, Task) or len(work.points.circuit.data) < LARGE:
            return work, None
        circuit = work.points.circuit
        with self._lock:
            reference, shared = self._known.get(id(circuit), (None, None))
            if shared is None or reference is None or reference() is not circuit:
                shared = SharedCircuit(pickle.dumps(circuit, pickle.HIGHEST_PROTOCOL))
                self._known[id(circuit)] = (weakref.ref(circuit), shared)
                # A circuit that is gone is no longer needed at the cluster.
                for number, (known, _) in list(self._known.items()):
                    if known() is None:
                        del self._known[number]
        return with_circuit(work, QuantumCircuit()), shared


def same(data: bytes) -> bytes:
    """A large circuit as a task of Dask: its result stays at the worker, where others fetch it."""
    return data


_reading = threading.Lock()
_read_before: OrderedDict[str, QuantumCircuit] = OrderedDict()


def read(key: str, data: bytes) -> QuantumCircuit:
    """The circuit, which this worker reads once."""
    with _reading:
        if key not in _read_before:
            _read_before[key] = pickle.loads(data)
        _read_before.move_to_end(key)
        while len(_read_before) > KEPT:
            _read_before.popitem(last=False)
        return _read_before[key]


def with_circuit(task: Task, circuit: QuantumCircuit) -> Task:
    """The task with that circuit."""
    return replace(task, points=replace(task.points, circuit=circuit))
