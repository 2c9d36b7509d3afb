"""The submitted PUBs: restore the user's register names and metadata in a decoded result.

In: the decoded result and, for each PUB, its shape, shots, precision and the description of its
circuit. Out: the result that Qiskit's reference primitives would return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.primitives import DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.circuits import CircuitDescription
from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.request.pubs import decode_estimator_pub, decode_sampler_pub
from qiskit_rest_primitives.wire.shots import estimator_precision, sampler_shots, shots_of


@dataclass(frozen=True)
class SubmittedPub:
    """What is known about a submitted PUB.

    Attributes:
        shape: of the PUB; None if the job's params do not determine it.
        shots: of a sampler PUB, or None.
        precision: of an estimator PUB, or None.
        description: of the circuit, or None if it was not encoded by this package.
        circuit_metadata: the circuit's metadata, as the user set it if the handle submitted it.
    """

    shape: tuple[int, ...] | None
    shots: int | None = None
    precision: float | None = None
    description: CircuitDescription | None = None
    circuit_metadata: Mapping[str, Any] | None = None


def pub_as_tuple(pub: SamplerPub | EstimatorPub) -> tuple[Any, ...]:
    """A PUB as the official client's jobs give it back.

    Returns:
        ``(circuit, values, shots)`` or ``(circuit, observables, values, precision)``; the values
        have the shape ``(*shape, n)``, in the order of the circuit's parameters.
    """
    values = pub.parameter_values.as_array(pub.circuit.parameters)
    if isinstance(pub, SamplerPub):
        return pub.circuit, values, pub.shots
    return pub.circuit, pub.observables.tolist(), values, pub.precision


def submitted_pubs_from_params(
    program_id: str, params: Mapping[str, Any]
) -> list[SubmittedPub] | None:
    """Reads the PUBs from the params of a fetched job; None for a private job."""
    pubs = params.get("pubs")
    if not isinstance(pubs, list):
        return None
    if program_id == "sampler":
        shots = sampler_shots(params)
        return [_sampler_pub(pub, shots) for pub in pubs]
    if program_id == "estimator":
        precision = estimator_precision(params)
        return [_estimator_pub(pub, precision) for pub in pubs]
    raise ProtocolError(f"the job runs {program_id!r}, whose results are not read")


def _describe(circuit: str | bytes) -> tuple[CircuitDescription | None, Mapping[str, Any]]:
    if not isinstance(circuit, str):
        return None, {}
    description = CircuitDescription.from_qasm(circuit)
    return description, (description.metadata if description else {})


def _sampler_pub(item: Any, default_shots: int) -> SubmittedPub:
    pub = decode_sampler_pub(item)
    description, metadata = _describe(pub.circuit)
    values = pub.parameter_values
    # Values by name or as plain lists need the circuit's parameters to tell their shape.
    shape = values.shape[:-1] if isinstance(values, np.ndarray) else None
    shape = () if values is None else shape
    return SubmittedPub(shape, pub.shots or default_shots, None, description, metadata)


def _estimator_pub(item: Any, default_precision: float) -> SubmittedPub:
    pub = decode_estimator_pub(item)
    description, metadata = _describe(pub.circuit)
    precision = default_precision if pub.precision is None else pub.precision
    return SubmittedPub(None, None, precision, description, metadata)


def restore(
    result: PrimitiveResult[PubResult], pubs: Sequence[SubmittedPub] | None, program_id: str
) -> PrimitiveResult[PubResult]:
    """Gives a decoded result the user's registers and the metadata that algorithms rely on.

    Args:
        result: as decoded from the wire.
        pubs: one per PUB, or None if nothing is known about them.
        program_id: ``sampler`` or ``estimator``.

    Raises:
        ProtocolError: the result has another number of PUBs, or lacks a register.
    """
    known = [SubmittedPub(None)] * len(result) if pubs is None else pubs
    if len(result) != len(known):
        raise ProtocolError(f"the result has {len(result)} PUB results for {len(known)} PUBs")
    convert = _sampler_result if program_id == "sampler" else _estimator_result
    restored = [convert(*pair) for pair in zip(iter(result), known, strict=True)]
    return PrimitiveResult(restored, metadata=result.metadata)


def _sampler_result(result: PubResult, pub: SubmittedPub) -> SamplerPubResult:
    data = result.data
    fields = dict(data.items())
    shots = pub.shots
    if shots is None:
        first = next(iter(fields.values()), None)
        shots = getattr(first, "num_shots", None)
    shape = tuple(data.shape) if pub.shape is None else pub.shape
    if pub.description is not None:
        fields = pub.description.restore_registers(fields, shape, shots or 0)
    metadata = {**result.metadata}
    metadata.setdefault("shots", shots)
    metadata["circuit_metadata"] = dict(pub.circuit_metadata or {}) or metadata.get(
        "circuit_metadata", {}
    )
    return SamplerPubResult(DataBin(**fields, shape=shape), metadata=metadata)


def _estimator_result(result: PubResult, pub: SubmittedPub) -> PubResult:
    metadata = {**result.metadata}
    if metadata.get("target_precision") is None:
        metadata["target_precision"] = pub.precision
    precision = metadata["target_precision"]
    if metadata.get("shots") is None:
        # The service's own rule.
        metadata["shots"] = shots_of(precision) if precision else 0
    metadata["circuit_metadata"] = dict(pub.circuit_metadata or {}) or metadata.get(
        "circuit_metadata", {}
    )
    return PubResult(result.data, metadata=metadata)
