"""The random numbers of a point: independent of the executor and of how a job is divided.

With a seed, `statevector` does what the seeded reference primitives do: the sampler starts every
point anew from the seed, the estimator draws one stream per PUB along its points in C order. Aer's
circuits count through the whole job, as in one run of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

AER_SEED_STEP = 2113
"""Aer increases the seed by this from one circuit of a run to the next."""


def _fresh_entropy() -> int:
    entropy = np.random.SeedSequence().entropy
    assert isinstance(entropy, int)
    return entropy


@dataclass(frozen=True)
class Seeds:
    """The randomness of one PUB of one job.

    Attributes:
        seed: what the user set, or None.
        pub_index: position of the PUB in its job.
        circuits_before: circuits of the PUBs before this one.
        entropy: used if the job has no seed; one value per job.
    """

    seed: int | None
    pub_index: int = 0
    circuits_before: int = 0
    entropy: int = field(default_factory=_fresh_entropy)

    def for_point(self, point: int) -> np.random.Generator:
        """Generator for the samples of one point of a sweep, in C order."""
        if self.seed is not None:
            return np.random.default_rng(self.seed)
        return np.random.default_rng(self._spawn(point))

    def for_pub(self) -> np.random.Generator:
        """Generator for the noise on the expectation values of the whole PUB."""
        if self.seed is not None:
            return np.random.default_rng(self.seed)
        return np.random.default_rng(self._spawn())

    def for_circuit(self, number: int) -> int:
        """Seed of an Aer run that begins with that circuit of the PUB."""
        first = self.entropy % 2**31 if self.seed is None else self.seed
        return first + AER_SEED_STEP * (self.circuits_before + number)

    def for_rows(self, first: int) -> np.random.SeedSequence:
        """Seeds of a block of points that are sampled together, by the number of its first."""
        seed = self.entropy if self.seed is None else self.seed
        return np.random.SeedSequence(seed, spawn_key=(self.circuits_before + first,))

    def _spawn(self, *key: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.entropy, spawn_key=(self.pub_index, *key))
