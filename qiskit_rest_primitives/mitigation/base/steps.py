"""The interface between mitigation and what runs its circuits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from qiskit.primitives.containers import BitArray, PubResult

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

Samples: TypeAlias = Mapping[str, BitArray]
"""The samples of a `Run`: creg name -> BitArray of shape ``(points,)``."""


@dataclass(frozen=True)
class Run:
    """A circuit and a sweep of it: what a plain sampler PUB says.

    Attributes:
        circuit: ISA where the PUB's circuit is.
        values: float64 ``(points, parameters)``, in ``circuit.parameters`` order.
        shots: of each point.
        pub_index: position in the job of the PUB that needs it, for messages.
    """

    circuit: QuantumCircuit
    values: np.ndarray
    shots: int
    pub_index: int


@dataclass(frozen=True)
class Finished:
    """The results of a job.

    Attributes:
        pubs: one result per PUB, in the order of the job.
        metadata: of the whole result.
    """

    pubs: Sequence[PubResult]
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Step(Protocol):
    """Sweeps to sample, and what follows from their samples. Can be pickled."""

    @property
    def runs(self) -> Sequence[Run]:
        """What to sample, all of it before `advance`."""
        ...

    def advance(self, samples: Sequence[Samples], /) -> Step | Finished:
        """The next step, or the results.

        Args:
            samples: of each of `runs`, in their order.
        """
        ...
