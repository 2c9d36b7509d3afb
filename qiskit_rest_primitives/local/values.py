"""Parameter values and observables of a wire PUB -> Qiskit's BindingsArray, ObservablesArray."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.observables_array import ObservablesArray

from qiskit_rest_primitives.local.outcome import RefusedError

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.loading import LoadedCircuit


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
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise RefusedError(f"{what} must be real numbers in an array of one shape") from None


def coerce_observables(observables: Any, num_qubits: int, pub_index: int) -> ObservablesArray:
    """Coerces any wire form: a Pauli string, {pauli: coefficient}, or nested lists of either.

    Raises:
        RefusedError: unknown letters, wrong width, coefficients that aren't real.
    """
    try:
        array = ObservablesArray.coerce(observables)
    except Exception as error:  # Qiskit raises ValueError, TypeError or QiskitError by the form
        raise RefusedError(f"PUB {pub_index}: observables: {error}") from error
    for index, observable in np.ndenumerate(np.asarray(array.__array__(), dtype=object)):
        for pauli, coefficient in observable.items():
            if len(pauli) != num_qubits:
                raise RefusedError(
                    f"PUB {pub_index}: observable {list(index)} acts on {len(pauli)} qubits, "
                    f"the circuit has {num_qubits}",
                    solution="Pad the observable with I, or use observable.apply_layout().",
                )
            if not np.isreal(coefficient) or not np.isfinite(np.real(coefficient)):
                raise RefusedError(
                    f"PUB {pub_index}: observable {list(index)}: coefficient {coefficient} of "
                    f"{pauli} is not a real number"
                )
    return array
