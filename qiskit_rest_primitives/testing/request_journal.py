"""What a service received, as a test asserts on it. In: received requests. Out: jobs and PUBs."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import msgspec
import numpy as np
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter

from qiskit_rest_primitives.circuits import CircuitDescription, encode_circuit
from qiskit_rest_primitives.jobs.tags import is_own_tag
from qiskit_rest_primitives.local.qasm3.reader import read_circuit
from qiskit_rest_primitives.wire.executor.tensors import Tensor, decode_tensor
from qiskit_rest_primitives.wire.request.fingerprint import fingerprint
from qiskit_rest_primitives.wire.request.pubs import (
    WireEstimatorPub,
    WireSamplerPub,
    decode_estimator_pub,
    decode_sampler_pub,
)

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.api.received import ReceivedRequest


@dataclass(frozen=True)
class JournalPub:
    """A submitted PUB.

    Attributes:
        text: the circuit as sent: OpenQASM 3, or the bytes of a QPY file.
        observables: of an estimator's PUB: a Pauli string, ``{pauli: coefficient}``, or nested
            lists of these; None for a sampler's.
        shots: of a sampler's PUB, or None.
        precision: of an estimator's PUB, or None.
    """

    text: str | bytes = field(repr=False)
    observables: Any
    shots: int | None
    precision: float | None
    _values: Any = field(default=None, repr=False)

    @cached_property
    def circuit(self) -> QuantumCircuit:
        """The circuit in standard gates, with the user's names of circuit and parameters."""
        if isinstance(self.text, bytes):
            return qpy.load(io.BytesIO(self.text))[0]
        read = read_circuit(self.text)
        description = CircuitDescription.from_qasm(self.text)
        if description is None:
            return read.circuit.copy()
        renamed = zip(read.parameters, description.parameters, strict=False)
        circuit = read.circuit.assign_parameters({old: Parameter(name) for old, name in renamed})
        circuit.name, circuit.metadata = description.name, dict(description.metadata)
        return circuit

    @property
    def parameter_values(self) -> dict[str, np.ndarray]:
        """Parameter's name -> float64 values of the PUB's shape."""
        if isinstance(self._values, dict):
            return {name: np.asarray(values) for name, values in self._values.items()}
        if self._values is None or len(self._values) == 0:
            return {}
        names = [parameter.name for parameter in self.circuit.parameters]
        if isinstance(self.text, str) and (sent := CircuitDescription.from_qasm(self.text)):
            names = sent.parameters
        return {name: self._values[..., index] for index, name in enumerate(names)}


@dataclass(frozen=True)
class JournalJob:
    """A submitted job.

    Attributes:
        program: ``sampler``, ``estimator`` or ``executor``.
        backend: its name.
        options: those that were sent, as nested dictionaries.
        tags: the user's.
        session_id: of the session or batch, or None.
        params: all of ``params``, as sent.
        request: the request itself.
    """

    program: str
    backend: str
    options: dict[str, Any]
    tags: list[str]
    session_id: str | None
    params: dict[str, Any] = field(repr=False)
    request: ReceivedRequest = field(repr=False)

    @cached_property
    def pubs(self) -> list[JournalPub]:
        """The PUBs; of a quantum program the items whose circuits are OpenQASM 3."""
        if self.program == "executor":
            return _journal_items(self.params["quantum_program"])
        decode: Callable[[Any], WireSamplerPub | WireEstimatorPub] = (
            decode_sampler_pub if self.program == "sampler" else decode_estimator_pub
        )
        return [_journal_pub(decode(item)) for item in self.params["pubs"]]

    @property
    def circuits(self) -> list[QuantumCircuit]:
        """The circuits of the PUBs."""
        return [pub.circuit for pub in self.pubs]


class RequestJournal(Sequence["ReceivedRequest"]):
    """The requests that a service received, oldest first; it grows while they arrive.

    Args:
        requests: of the service.

    >>> len(RequestJournal([]))
    0
    """

    def __init__(self, requests: Sequence[ReceivedRequest]):
        self._requests = requests

    @overload
    def __getitem__(self, index: int) -> ReceivedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ReceivedRequest]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """The request at a place, or those of a slice."""
        return list(self._requests)[index]

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[ReceivedRequest]:
        return iter(list(self._requests))

    def __repr__(self) -> str:
        lines = [f"{seen.method} {seen.path} -> {seen.sent or 'no reply'}" for seen in self]
        return f"<RequestJournal of {len(lines)} requests>" + "".join(f"\n  {x}" for x in lines)

    def calls(self, method: str = "*", path: str = "*") -> list[ReceivedRequest]:
        """The requests of a method to a path below ``/v1``, which may be a pattern: ``/jobs/*``."""
        return [
            seen
            for seen in self
            if method.upper() in ("*", seen.method) and fnmatchcase(seen.path, path)
        ]

    @property
    def jobs(self) -> list[JournalJob]:
        """The jobs that the service created, though its reply may have been lost."""
        return [_journal_job(seen) for seen in self.calls("POST", "/jobs") if seen.status == 200]

    def submitted(
        self,
        program: str | None = None,
        *,
        backend: str | None = None,
        circuit: QuantumCircuit | None = None,
        tag: str | None = None,
    ) -> list[JournalJob]:
        """The jobs that the service created and that meet all conditions.

        Args:
            program: ``sampler``, ``estimator`` or ``executor``.
            backend: its name, or a pattern.
            circuit: in one of the PUBs, as it is sent: names and metadata do not count.
            tag: of the user's.
        """
        found = [
            job
            for job in self.jobs
            if program in (None, job.program)
            and fnmatchcase(job.backend, backend or "*")
            and (tag is None or tag in job.tags)
        ]
        if circuit is None:
            return found
        sought = fingerprint({"circuit": encode_circuit(circuit).qasm})
        return [
            job
            for job in found
            if any(fingerprint({"circuit": pub.text}) == sought for pub in job.pubs if pub.text)
        ]


def _journal_job(request: ReceivedRequest) -> JournalJob:
    body: dict[str, Any] = msgspec.json.decode(request.body)
    return JournalJob(
        program=body["program_id"],
        backend=body["backend"],
        options=body["params"].get("options") or {},
        tags=[tag for tag in body.get("tags") or () if not is_own_tag(tag)],
        session_id=body.get("session_id"),
        params=body["params"],
        request=request,
    )


def _journal_items(program: dict[str, Any]) -> list[JournalPub]:
    return [
        JournalPub(
            text=text,
            observables=None,
            shots=program["shots"],
            precision=None,
            _values=decode_tensor(
                msgspec.convert(item["circuit_arguments"], Tensor), f"item {number}"
            ),
        )
        for number, (text, item) in enumerate(
            zip(program["circuits"].get("data", ()), program["items"], strict=False)
        )
        if item["item_type"] == "circuit"
    ]


def _journal_pub(pub: WireSamplerPub | WireEstimatorPub) -> JournalPub:
    sampler = isinstance(pub, WireSamplerPub)
    return JournalPub(
        text=pub.circuit,
        observables=None if sampler else pub.observables,
        shots=pub.shots if sampler else None,
        precision=None if sampler else pub.precision,
        _values=pub.parameter_values,
    )
