"""Which random numbers a point gets: the same whatever the cut and the executor.

With a seed, `statevector` does what the seeded reference primitives do: the sampler starts every
point anew from the seed, the estimator draws one stream a PUB along its points in C order. Aer runs
blocks of points whose size follows from the PUB alone; each block has its own seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# Aer takes seeds as signed 64-bit but its documented range ends here.
_AER_SEEDS = 2**31


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
        entropy: stands in for the seed where there is none; one value a job.
    """

    seed: int | None
    pub_index: int = 0
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

    def for_block(self, start: int) -> int:
        """Seed of the Aer run that begins at point ``start``; the user's own for the very first."""
        if self.seed is not None and self.pub_index == 0 and start == 0:
            return self.seed
        return int(self._spawn(start).generate_state(1)[0]) % _AER_SEEDS

    def _spawn(self, *key: int) -> np.random.SeedSequence:
        entropy = self.entropy if self.seed is None else self.seed
        return np.random.SeedSequence(entropy, spawn_key=(self.pub_index, *key))
