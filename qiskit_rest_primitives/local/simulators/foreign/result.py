"""What a backend's `run` gave -> a `Result` that Qiskit's primitives can rely on, or a refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qiskit_rest_primitives.local.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit
    from qiskit.result import Result


def checked_result(
    result: Any, circuits: Sequence[QuantumCircuit], shots: int, name: str
) -> Result:
    """Reads the samples of each circuit, and fails where some are missing or can't be right.

    Samples without their order (counts only) are taken in the order of their values, and counts
    that were left out are made from the samples: Qiskit's sampler reads the one, its estimator the
    other.

    Args:
        result: what the backend's job gave.
        circuits: those that were run, in order.
        shots: of each of them.
        name: the backend's name.

    Raises:
        RefusedError: it is no result, or not of these circuits; says what is wrong.
    """
    from qiskit.result import Result

    if not isinstance(result, Result):
        raise _wrong(name, f"it gave {_of_type(result)}, not a Result of Qiskit")
    found: list[Any] = list(result.results or [])
    if not result.success:
        states = {str(getattr(one, "status", "")) for one in found} - {"", "DONE"}
        told = "; ".join(sorted({*states, str(getattr(result, "status", None) or "")} - {""}))
        # An answer like any other: the circuit is too wide, or not for this method.
        raise RefusedError(
            f"{name}: its result says that it failed: {told or 'without a reason'}",
            code=None,
            solution="Change the circuit or the backend's options accordingly.",
        )
    if len(found) != len(circuits):
        raise _wrong(name, f"expected results of {len(circuits)} circuits, got {len(found)}")
    checked = [
        _checked(one, circuit, shots, f"{name}, circuit {number}")
        for number, (one, circuit) in enumerate(zip(found, circuits, strict=True))
    ]
    return Result(backend_name=name, job_id=str(result.job_id), success=True, results=checked)


def _checked(one: Any, circuit: QuantumCircuit, shots: int, place: str) -> Any:
    from qiskit.result.models import ExperimentResult, ExperimentResultData

    samples = _samples(getattr(one, "data", None), place)
    if samples is None:
        if _measures(circuit):
            raise _wrong(place, "it gave neither memory nor counts, and the circuit measures")
        samples = ["0x0"] * shots
    if len(samples) != shots:
        raise _wrong(place, f"expected {shots} shots, got {len(samples)}")
    counts = Counter(samples)
    for sample in counts:
        if int(sample, 16) >> circuit.num_clbits:
            raise _wrong(
                place, f"it gave the sample {sample}, the circuit has {circuit.num_clbits} bits"
            )
    header = {
        "name": circuit.name,
        "creg_sizes": [[register.name, register.size] for register in circuit.cregs],
        "memory_slots": circuit.num_clbits,
    }
    data = ExperimentResultData(counts=dict(counts), memory=samples)
    return ExperimentResult(shots=shots, success=True, data=data, header=header)


def _samples(data: Any, place: str) -> list[str] | None:
    """The samples as hex, one a shot; None if there are none."""
    memory: Any = getattr(data, "memory", None)
    if memory:
        return _as_hex(memory, place)
    counts: Any = getattr(data, "counts", None)
    if not counts:
        return None
    try:
        pairs = sorted(zip(_as_hex(counts, place), counts.values(), strict=True))
        if any(number != int(number) or number < 0 for _, number in pairs):
            raise ValueError
    except (AttributeError, TypeError, ValueError):
        raise _wrong(place, "it gave counts that are not numbers of shots") from None
    return [sample for sample, number in pairs for _ in range(int(number))]


def _as_hex(samples: Iterable[Any], place: str) -> list[str]:
    spelled: dict[Any, str] = {}
    try:
        for sample in set(samples):
            # Qiskit's results are of hex strings, or of binary ones that begin with 0b.
            if sample[:2] not in ("0x", "0b"):
                raise ValueError
            spelled[sample] = hex(int(sample, 0))
    except (TypeError, ValueError):
        raise _wrong(place, "it gave samples that are not strings such as '0x1f'") from None
    return [spelled[sample] for sample in samples]


def _measures(circuit: QuantumCircuit) -> bool:
    """Whether anything may write to a bit."""
    return circuit.num_clbits > 0 and any(
        item.operation.name == "measure" or item.is_control_flow() for item in circuit.data
    )


def _of_type(value: object) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _wrong(place: str, what: str) -> RefusedError:
    return RefusedError(
        f"The backend's run() returned an invalid result: {place}: {what}.",
        code=None,
        solution="Tell whoever provides the backend.",
    )
