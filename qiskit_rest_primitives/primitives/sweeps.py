"""Encoded PUBs -> the sweeps that mitigation reads. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qiskit_rest_primitives.mitigation.base.pubs import EstimatorSweep, SamplerSweep, pair
from qiskit_rest_primitives.primitives.base import parameter_array
from qiskit_rest_primitives.primitives.encoded_pubs import (
    EncodedEstimatorPub,
    EncodedPub,
    EncodedSamplerPub,
)
from qiskit_rest_primitives.wire.shots import shots_of


def sweeps_of(pubs: Sequence[EncodedPub]) -> list[SamplerSweep | EstimatorSweep]:
    """The PUBs of a run, as the service will read them."""
    return [
        sampler_sweep(pub, index)
        if isinstance(pub, EncodedSamplerPub)
        else estimator_sweep(pub, index)
        for index, pub in enumerate(pubs)
    ]


def sampler_sweep(encoded: EncodedSamplerPub, index: int) -> SamplerSweep:
    """A sampler PUB.

    Args:
        encoded: with its source.
        index: its position in the run, for messages.
    """
    assert encoded.source is not None
    values = parameter_array(encoded.source, index)
    return SamplerSweep(
        encoded.source.circuit,
        values.reshape(math.prod(values.shape[:-1]), values.shape[-1]),
        values.shape[:-1],
        encoded.shots,
        dict(encoded.metadata or {}),
    )


def estimator_sweep(encoded: EncodedEstimatorPub, index: int) -> EstimatorSweep:
    """An estimator PUB; without shots if its precision is 0.

    Args:
        encoded: with its source.
        index: its position in the run, for messages.
    """
    pub = encoded.source
    assert isinstance(pub, EstimatorPub)
    distinct: list[dict[str, float]] = []
    known: dict[tuple[tuple[str, float], ...], int] = {}
    numbers: list[int] = []
    for observable in encoded.flat_observables():
        key = tuple(observable.items())
        if key not in known:
            known[key] = len(distinct)
            distinct.append(observable)
        numbers.append(known[key])
    values = parameter_array(pub, index)
    shape = encoded.observables_shape
    pairs, positions = pair(values.shape[:-1], np.array(numbers, dtype=int).reshape(shape))
    return EstimatorSweep(
        pub.circuit,
        values.reshape(math.prod(values.shape[:-1]), values.shape[-1]),
        distinct,
        pairs,
        positions,
        pub.shape,
        shots_of(encoded.assumed_precision),
        encoded.assumed_precision,
        dict(pub.circuit.metadata or {}),
    )
