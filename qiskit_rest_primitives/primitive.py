"""What both primitives share: where they run, and encoded PUBs -> POST -> handle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Generic

import msgspec
import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import BackendV2

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.circuits import EncodedCircuit, encode_circuit
from qiskit_rest_primitives.circuits.isa import check_isa, check_rzz_values
from qiskit_rest_primitives.errors import (
    BackendError,
    EncodeError,
    RestPrimitivesError,
    UnknownParameterError,
    with_more,
)
from qiskit_rest_primitives.http.submission import new_tag, submit
from qiskit_rest_primitives.job import RestJob
from qiskit_rest_primitives.job_base import Job
from qiskit_rest_primitives.options.primitives import PrimitiveOptions
from qiskit_rest_primitives.options.request import OptionsT, coerce_options, encode_options
from qiskit_rest_primitives.origin import Origin
from qiskit_rest_primitives.session import Session, current_session, membership_of
from qiskit_rest_primitives.split_job import SplitJob
from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_EXECUTIONS
from qiskit_rest_primitives.work import Piece, Work, pack

Mode = RestBackend | Session


def resolve_mode(mode: Any) -> Mode:
    """Where to run: a backend, a session or batch, or the surrounding ``with`` of one.

    Raises:
        BackendError: it is none of these; the cure is in the message.
    """
    if mode is None:
        mode = current_session()
        if mode is None:
            raise BackendError(
                "no backend to run on: pass mode=service.backend(name), or a Session or Batch, or "
                "use the primitive inside the with block of one. A service without an account is "
                "QiskitRuntimeService(channel='local')"
            )
    if isinstance(mode, RestBackend | Session):
        return mode
    if isinstance(mode, BackendV2):
        raise BackendError(
            f"{mode.name!r} is not a backend of a service: run it with Qiskit's BackendSamplerV2 "
            "or BackendEstimatorV2, or pass service.backend(name)"
        )
    if isinstance(mode, str):
        raise BackendError(f"pass service.backend({mode!r}) instead of the name {mode!r}")
    raise BackendError(
        f"mode is a backend, Session or Batch of a service, not {type(mode).__name__}"
    )


def backend_of(mode: Mode) -> RestBackend:
    """The backend that jobs of this mode run on."""
    return membership_of(mode).require_backend() if isinstance(mode, Session) else mode


class RestPrimitive(Generic[OptionsT]):
    """What both primitives have: a place to run, and options.

    Args:
        mode: a backend of a service, a `Session` or a `Batch`; None for that of the surrounding
            ``with``.
        options: `SamplerOptions`, `EstimatorOptions`, or a nested dict.

    Raises:
        BackendError: there is nothing to run on.
        OptionsError: an option's name, type or range.
    """

    options_class: type[OptionsT]

    def __init__(
        self,
        mode: RestBackend | Session | None = None,
        *,
        options: OptionsT | Mapping[str, Any] | None = None,
    ):
        self._mode: Mode = resolve_mode(mode)
        self._options = coerce_options(self.options_class, options)

    @property
    def mode(self) -> Mode:
        """The backend, session or batch that jobs go to."""
        return self._mode

    @property
    def options(self) -> OptionsT:
        """What is sent with each job; assign options or a nested dict to replace all."""
        return self._options

    @options.setter
    def options(self, options: OptionsT | Mapping[str, Any] | None) -> None:
        self._options = coerce_options(self.options_class, options)

    def backend(self) -> RestBackend:
        """The backend that jobs run on."""
        return backend_of(self._mode)


class CircuitEncoder:
    """Encodes the circuits of one run, each once, after checking them against the device.

    Args:
        backend: where they will run.
        isa_check: whether to check; simulators take any circuit.
    """

    def __init__(self, backend: RestBackend, isa_check: bool):
        self._target = backend.target if isa_check and not backend.simulator else None
        self._done: dict[int, tuple[QuantumCircuit, EncodedCircuit]] = {}

    def encode(self, pub: SamplerPub | EstimatorPub, index: int) -> tuple[EncodedCircuit, Any]:
        """A PUB's circuit on the wire, and its values, of shape ``(*shape, inputs)``.

        Raises:
            EncodeError: they can't be encoded, or the device can't run them.
            UnknownParameterError: a value has a name that is none of the circuit's.
        """
        encoded = self._circuit(pub.circuit, index)
        values = parameter_array(pub, index)
        if self._target is not None:
            check_rzz_values(pub.circuit, values, self._target, pub_index=index)
        try:
            return encoded, encoded.encode_values(values)
        except EncodeError as error:
            raise type(error)(f"PUB {index}: {error}") from error.__cause__

    def _circuit(self, circuit: QuantumCircuit, pub_index: int) -> EncodedCircuit:
        """The circuit on the wire.

        Raises:
            EncodeError: it can't be encoded, or the device can't run it.
        """
        # Keyed by identity within one run: the reference beside it keeps the identity taken.
        known = self._done.get(id(circuit))
        if known is not None:
            return known[1]
        if self._target is not None:
            check_isa(circuit, self._target, pub_index=pub_index)
        try:
            encoded = encode_circuit(circuit)
        except EncodeError as error:
            raise type(error)(f"PUB {pub_index}: {error}") from error.__cause__
        self._done[id(circuit)] = (circuit, encoded)
        return encoded


def parameter_array(pub: SamplerPub | EstimatorPub, index: int) -> np.ndarray:
    """The PUB's values of shape ``(*shape, n)``, in the order of the circuit's parameters.

    Raises:
        UnknownParameterError: a name is none of the circuit's.
    """
    try:
        return pub.parameter_values.as_array(pub.circuit.parameters)
    except ValueError as error:
        names = ", ".join(parameter.name for parameter in pub.circuit.parameters)
        raise UnknownParameterError(
            f"PUB {index}: {error} The circuit's parameters: {names}"
        ) from error


def submit_works(
    mode: Mode, program_id: str, works: Sequence[Work], options: PrimitiveOptions
) -> Job:
    """Posts a run: as one job, or as several if it is too large and ``options.split`` is set.

    Args:
        mode: where to run.
        program_id: ``sampler`` or ``estimator``.
        works: the PUBs.
        options: what was set is sent.

    Raises:
        EncodeError: the run is larger than the service takes for a device, and may not be split.
    """
    if not works:
        # The service takes no job without PUBs; the reference primitives give an empty result.
        return SplitJob([], [], [], backend_of(mode))
    if options.split:
        jobs = pack(works)
        if len(jobs) > 1:
            return _submit_parts(mode, program_id, works, jobs, options)
    executions = sum(work.cost(math.prod(work.shape))[0] for work in works)
    # The limit is that of a device's time; algorithms ask simulators for more.
    if executions > MAX_EXECUTIONS and not backend_of(mode).simulator:
        raise EncodeError(
            f"the job asks for {executions:,} executions (circuits x parameter sets x shots), the "
            f"service takes {MAX_EXECUTIONS:,}: use fewer shots or PUBs a job, or set "
            "options.split = True"
        )
    return _submit(mode, program_id, [work.whole() for work in works], options)


def _submit_parts(
    mode: Mode,
    program_id: str,
    works: Sequence[Work],
    jobs: Sequence[Sequence[Piece]],
    options: PrimitiveOptions,
) -> SplitJob:
    parts: list[RestJob] = []
    for pieces in jobs:
        try:
            encoded = [works[piece.pub].part(piece) for piece in pieces]
            parts.append(_submit(mode, program_id, encoded, options))
        except RestPrimitivesError as error:
            ids = ", ".join(part.job_id() for part in parts) or "none"
            submitted = f" Parts submitted so far, of {len(jobs)}: {ids}"
            raise with_more(error, submitted) from error
    return SplitJob(parts, jobs, [work.shape for work in works], backend_of(mode))


def _submit(
    mode: Mode,
    program_id: str,
    pubs: Sequence[tuple[list[Any], Origin]],
    options: PrimitiveOptions,
) -> RestJob:
    backend = backend_of(mode)
    backend.check_takes_jobs()
    wire = encode_options(options)
    tag = new_tag()
    request: dict[str, Any] = {
        "program_id": program_id,
        "backend": backend.name,
        "params": {
            "pubs": [item for item, _ in pubs],
            "options": {},
            **wire.params,
            "version": 2,
            "support_qiskit": True,
        },
        **wire.job,
        "tags": [*wire.job.get("tags", ()), tag],
    }
    if isinstance(mode, Session):
        membership_of(mode).require_open()
        request["session_id"] = mode.session_id
    body = msgspec.json.encode(request)
    if len(body) > MAX_BODY_BYTES:
        raise EncodeError(
            f"the request has {len(body) / 1e6:.1f} MB, the service takes "
            f"{MAX_BODY_BYTES / 1e6:.0f} MB: send fewer PUBs or parameter values a job, "
            "or set options.split = True"
        )
    created = submit(backend.client, body, tag=tag, program_id=program_id, backend=backend.name)
    details = {
        "program": {"id": program_id},
        "backend": backend.name,
        "tags": request["tags"],
        "session_id": request.get("session_id"),
        "private": request.get("private"),
        "id": created["id"],
        "params": {**request["params"], "pubs": None},
    }
    job = RestJob(
        backend.client,
        created["id"],
        details=details,
        origins=[origin for _, origin in pubs],
        backend=backend,
    )
    if isinstance(mode, Session):
        membership_of(mode).job_ids.append(job.job_id())
    return job
