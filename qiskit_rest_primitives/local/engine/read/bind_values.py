"""Parameter values and observables of a wire PUB -> Qiskit's BindingsArray, ObservablesArray."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.observables_array import ObservablesArray

from qiskit_rest_primitives.circuits.observables import PROJECTORS
from qiskit_rest_primitives.local.outcome import RefusedError, StoppedError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.engine.read.load_circuit import LoadedCircuit

MAX_PROJECTORS = 14
_AT_ONCE = 256
_TERMS = {letter: (("I", 1), eigenstate) for letter, eigenstate in PROJECTORS.items()}


def bind_values(loaded: LoadedCircuit, values: Any, pub_index: int) -> BindingsArray:
    """Pairs values with parameters: lists and arrays by declaration, mappings by name.

    Args:
        loaded: the circuit with its parameters in declaration order.
        values: None, an array or nested list whose last axis is the parameters, or a mapping
            from name to value(s), all of one shape.
        pub_index: position of the PUB in its job, for messages.

    Returns:
        A BindingsArray of the shape of the sweep.

    Raises:
        RefusedError: not numbers, or not as many as the circuit has parameters.
    """
    if isinstance(values, Mapping):
        return _bind_by_name(loaded, values, pub_index)
    count = len(loaded.parameters)
    array = _real_array([] if values is None else values, f"PUB {pub_index}: parameter values")
    if count == 0:
        if array.size or (array.ndim and array.shape[-1]):
            raise RefusedError(
                f"PUB {pub_index}: values of shape {array.shape} but the circuit has no parameters",
                solution="Leave the values out, or pass an array whose last axis is 0.",
            )
        return BindingsArray({}, shape=array.shape[:-1])
    given = array.shape[-1] if array.ndim else 1
    # Qiskit's rule: with one parameter the axis of parameters may be left out.
    if given != count and count != 1:
        raise RefusedError(
            f"PUB {pub_index}: {count} parameters but values for {given}",
            solution=f"Pass an array whose last axis is {count}.",
        )
    if count == 1 and given == 0 and array.size == 0:
        raise RefusedError(
            f"PUB {pub_index}: 1 parameter but no values",
            solution="Pass an array whose last axis is 1.",
        )
    return BindingsArray({tuple(loaded.parameters): array})


def _bind_by_name(
    loaded: LoadedCircuit, values: Mapping[str, Any], pub_index: int
) -> BindingsArray:
    names = [parameter.name for parameter in loaded.parameters]
    missing = [name for name in names if name not in values]
    unknown = [name for name in values if name not in set(names)]
    if missing or unknown:
        raise RefusedError(
            f"PUB {pub_index}: {len(names)} parameters but values for {len(values)}; "
            f"missing {_short(missing)}, unknown {_short(unknown)}",
            solution=f"Name each parameter once: {_short(names)}.",
        )
    arrays = {
        name: _real_array(values[name], f"PUB {pub_index}: values of {name!r}") for name in names
    }
    try:
        return BindingsArray(arrays)
    except ValueError as error:
        shapes = {name: array.shape for name, array in arrays.items()}
        raise RefusedError(
            f"PUB {pub_index}: the values differ in shape: {shapes}",
            solution="Give every parameter values of one shape.",
        ) from error


def _short(names: list[str]) -> str:
    shown = ", ".join(names[:8]) or "none"
    return shown if len(names) <= 8 else f"{shown}, ... ({len(names)} in all)"


def _real_array(values: Any, what: str) -> np.ndarray:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError
        real = array.astype(np.float64)
    except (TypeError, ValueError):
        raise RefusedError(f"{what} must be real numbers in an array of one shape") from None
    if not np.isfinite(real).all():
        raise RefusedError(f"{what} hold NaN or infinity")
    return real


@dataclass(frozen=True)
class Observables:
    """The observables of a PUB, each different one once.

    Attributes:
        distinct: {pauli: coefficient} each, letters IXYZ.
        numbers: int, of the observables' shape: indices into `distinct`.
    """

    distinct: list[dict[str, float]]
    numbers: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array of observables."""
        return self.numbers.shape


def coerce_observables(
    observables: Any, num_qubits: int, pub_index: int, check: Callable[[], None]
) -> Observables:
    """Coerces any wire form: a Pauli string, {pauli: coefficient}, or nested lists of either.

    Args:
        observables: as they were sent.
        num_qubits: of the circuit.
        pub_index: position of the PUB in its job, for messages.
        check: called now and then; what it raises ends the work.

    Raises:
        RefusedError: unknown letters, wrong width, coefficients that aren't real.
    """
    _refuse_absurd_width(observables, num_qubits, pub_index)
    try:
        array = _coerced(observables, check)
    except StoppedError:
        raise
    except Exception as error:  # Qiskit raises ValueError, TypeError or QiskitError by the form
        raise RefusedError(f"PUB {pub_index}: observables: {error}") from error
    numbers = np.zeros(array.shape, dtype=np.int64)
    seen: dict[tuple[tuple[str, complex], ...], int] = {}
    distinct: list[dict[str, float]] = []
    for number, (index, observable) in enumerate(np.ndenumerate(array)):
        if number % _AT_ONCE == 0:
            check()
        key = tuple(observable.items())
        if key not in seen:
            seen[key] = len(distinct)
            place = f"PUB {pub_index}: observable {list(index)}"
            distinct.append(_paulis(observable, num_qubits, place))
        numbers[index] = seen[key]
    return Observables(distinct, numbers)


def _coerced(observables: Any, check: Callable[[], None]) -> np.ndarray:
    """An array of {pauli: coefficient}, by Qiskit's own means, some hundred at a time."""
    if isinstance(observables, list):
        items = cast("list[Any]", observables)
        if len(items) > _AT_ONCE:
            starts = range(0, len(items), _AT_ONCE)
            return np.concatenate([_coerced(items[i : i + _AT_ONCE], check) for i in starts])
        if items and all(isinstance(item, list) for item in items):
            return np.stack([_coerced(item, check) for item in items])
    check()
    return np.asarray(ObservablesArray.coerce(observables).__array__(), dtype=object)


def _refuse_absurd_width(observables: Any, num_qubits: int, pub_index: int) -> None:
    """Refuses texts of megabytes, each letter of which costs Qiskit a hundred bytes."""
    pending = [observables]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
            continue
        for letters in (value,) if isinstance(value, str) else value:
            if len(letters) > num_qubits + 1000:
                raise RefusedError(
                    f"PUB {pub_index}: an observable acts on {len(letters)} qubits, the circuit "
                    f"has {num_qubits}"
                )


def _paulis(observable: Mapping[str, complex], num_qubits: int, place: str) -> dict[str, float]:
    """Checks an observable and writes its projectors as sums of Paulis."""
    terms: dict[str, float] = {}
    for letters, coefficient in observable.items():
        if len(letters) != num_qubits:
            raise RefusedError(
                f"{place} acts on {len(letters)} qubits, the circuit has {num_qubits}",
                solution="Pad the observable with I, or use observable.apply_layout().",
            )
        if not np.isreal(coefficient) or not np.isfinite(coefficient):
            raise RefusedError(f"{place}: coefficient {coefficient} of {letters} is not real")
        projectors = sum(letter in PROJECTORS for letter in letters)
        if projectors > MAX_PROJECTORS:
            raise RefusedError(
                f"{place}: {projectors} projectors in one term stand for 2**{projectors} Paulis; "
                f"the limit is {MAX_PROJECTORS}"
            )
        value = float(np.real(coefficient)) / 2**projectors
        for choice in itertools.product(*(_TERMS.get(p, ((p, 1),)) for p in letters)):
            pauli = "".join(letter for letter, _ in choice)
            sign = math.prod(sign for _, sign in choice)
            terms[pauli] = terms.get(pauli, 0.0) + sign * value
    return terms or {"I" * num_qubits: 0.0}
