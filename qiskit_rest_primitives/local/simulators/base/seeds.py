"""The random numbers of a point: independent of the executor and of how a job is divided.

With a seed, `statevector` does what the seeded reference primitives do: the sampler starts every
point anew from the seed, the estimator draws one stream per PUB along its points in C order. Aer's
circuits count through the whole job, as in one run of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

AER_SEED_STEP = 2113
"""Aer increases the seed by this from one circuit of a run to the next."""
# Keys of what a job with error mitigation draws.
_CIRCUITS, _SAMPLES = range(2)
# Key of what a group of a circuit's qubits draws.
_GROUPS = 2


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
        restarts: whether the samples of every point start anew from the seed, as those of the
            reference sampler do; error mitigation needs points that are independent.
    """

    seed: int | None
    pub_index: int = 0
    circuits_before: int = 0
    entropy: int = field(default_factory=_fresh_entropy)
    restarts: bool = True

    def for_point(self, point: int) -> np.random.Generator:
        """Generator for the samples of one point of a sweep, in C order."""
        if self.seed is not None and self.restarts:
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
        return np.random.SeedSequence(self._root(), spawn_key=(self.circuits_before + first,))

    def for_steps(self) -> np.random.SeedSequence:
        """What error mitigation draws its random circuits from."""
        return np.random.SeedSequence(self._root(), spawn_key=(_CIRCUITS,))

    def of_step(self, number: int) -> Seeds:
        """The randomness of the samples of a step of error mitigation, from 0."""
        sequence = np.random.SeedSequence(self._root(), spawn_key=(_SAMPLES, number))
        # Aer takes 31 bits, of which the numbers of the circuits need some.
        seed = int(sequence.generate_state(1)[0]) >> 2
        return Seeds(None if self.seed is None else seed, entropy=seed, restarts=False)

    def of_group(self, number: int) -> Seeds:
        """The randomness of some qubits of the PUB's circuits, sampled apart from the others."""
        sequence = np.random.SeedSequence(self._root(), spawn_key=(_GROUPS, number))
        seed = int(sequence.generate_state(1)[0]) >> 2
        return replace(self, seed=None if self.seed is None else seed, entropy=seed)

    def _root(self) -> int:
        return self.entropy if self.seed is None else self.seed

    def _spawn(self, *key: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.entropy, spawn_key=(self.pub_index, *key))
