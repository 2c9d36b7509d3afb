"""What a job may use: memory for its circuits and results, and the time of its simulations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_rest_primitives.local.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.simulators.base.setup import Setup

MAX_RESULT_BYTES = 2**30
# A short text can declare this many, and each is an object of about eighty bytes.
MAX_JOB_BITS = 2_000_000


@dataclass
class Memory:
    """Limits the memory of a job's circuits and results.

    Attributes:
        as_text: whether samples are written as plain JSON, in hexadecimal digits.
    """

    as_text: bool = False
    bytes_left: int = MAX_RESULT_BYTES
    bits_left: int = MAX_JOB_BITS

    @property
    def taken(self) -> int:
        """Bytes that were taken."""
        return MAX_RESULT_BYTES - self.bytes_left

    def sample_bytes(self, num_bits: int) -> int:
        """What a sample of a register takes, packed and as text."""
        packed = -(-num_bits // 8)
        return packed + (2 * packed + len('"0x",') if self.as_text else 0)

    def take_bits(self, num_bits: int, pub_index: int) -> None:
        """Refuses the PUB whose circuit exceeds the limit."""
        self.bits_left -= num_bits
        if self.bits_left < 0:
            raise RefusedError(
                f"PUB {pub_index}: the circuits of the job have more than {MAX_JOB_BITS} qubits "
                "and bits together",
                solution="Send fewer PUBs per job.",
            )

    def take(self, num_bytes: int, pub_index: int) -> None:
        """Refuses the PUB whose result exceeds the limit."""
        self.bytes_left -= num_bytes
        if self.bytes_left < 0:
            raise RefusedError(
                f"PUB {pub_index}: its result would take {num_bytes / 2**30:.1f} GiB; a job's "
                f"results have {MAX_RESULT_BYTES / 2**30:.0f} GiB together",
                solution="Send fewer points or shots per job.",
            )


@dataclass(frozen=True)
class JobCaps:
    """What the limits of a user allow a job; None for no limit.

    Attributes:
        shots: of all PUBs and points together.
        qubits: of each circuit.
    """

    shots: int | None = None
    qubits: int | None = None


NO_CAPS = JobCaps()


@dataclass
class Share:
    """Limits a job to what its user may ask for."""

    caps: JobCaps = NO_CAPS
    shots: int = 0

    def take_qubits(self, num_qubits: int, pub_index: int) -> None:
        """Refuses the PUB whose circuit has more qubits than the user may use."""
        if self.caps.qubits is not None and num_qubits > self.caps.qubits:
            raise RefusedError(
                f"PUB {pub_index}: {num_qubits} qubits; your limit is {self.caps.qubits} a circuit",
                solution="Use fewer qubits, or ask the service's administrator for a higher limit.",
            )

    def take_shots(self, shots: int, pub_index: int) -> None:
        """Refuses the PUB with which the job has more shots than the user may use."""
        self.shots += shots
        if self.caps.shots is not None and self.shots > self.caps.shots:
            raise RefusedError(
                f"PUB {pub_index}: with it the job has {self.shots:,} shots, over all PUBs and "
                f"points; your limit is {self.caps.shots:,} a job",
                solution="Ask for fewer shots or points per job, or ask the service's "
                "administrator for a higher limit.",
            )


@dataclass
class Time:
    """Limits the estimated time of a job's simulations."""

    limit_seconds: float
    used_seconds: float = 0.0

    def take(self, setup: Setup, points: int, pub_index: int) -> None:
        """Refuses the PUB with which the job would exceed its time limit."""
        if not setup.limited:
            return
        seconds = setup.seconds_per_point * points
        self.used_seconds += seconds
        if self.used_seconds > self.limit_seconds:
            raise RefusedError(
                f"PUB {pub_index}: simulated with all of its noise it takes about {seconds:.2g} s; "
                f"the job's limit is {self.limit_seconds:g} s",
                solution="Ask for fewer shots or points or for less precision, use fewer qubits or "
                "gates, turn by multiples of pi/2 only (Clifford circuits run at any width), or "
                "use a simulator without noise.",
            )
