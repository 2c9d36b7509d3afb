"""The axes of a PUB by name: what varies along each. In: PUB. Out: PubAxes. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

OBSERVABLE: Final = "observable"
_MOST_JOINED: Final = 3


@dataclass(frozen=True)
class PubAxes:
    """Names of the axes of a PUB, and the coordinates along them.

    Attributes:
        dims: a name for each axis: that of the parameter that varies along it and along no other
            axis; the joined names of up to three that vary together; ``observable``; else
            ``axis_0``, ``axis_1``, ...
        coords: the parameters and observables: name -> (names of the axes along which it varies,
            values). What does not vary has no axes.
    """

    dims: tuple[str, ...]
    coords: Mapping[str, tuple[tuple[str, ...], np.ndarray]]

    @classmethod
    def of(cls, pub: SamplerPub | EstimatorPub, taken: frozenset[str]) -> PubAxes:
        """Names them.

        Args:
            pub: coerced.
            taken: names that parameters can't have, as the data have them; such a parameter has
                ``parameter_`` before its name.
        """
        count = len(pub.shape)
        table = pub.parameter_values.as_array(pub.circuit.parameters)
        values: dict[str, np.ndarray] = {}
        for column, parameter in enumerate(pub.circuit.parameters):
            name = parameter.name
            name = f"parameter_{name}" if name in {*taken, OBSERVABLE} else name
            values[name] = _aligned(table[..., column], count)
        along = {name: _varies_along(array) for name, array in values.items()}
        for axis in _single_points(pub.shape, table.ndim - 1):
            fixed = [name for name, own in along.items() if not own]
            if len(fixed) == 1:
                along[fixed[0]] = {axis}
        if isinstance(pub, EstimatorPub):
            values[OBSERVABLE] = _aligned(_labels(pub), count)
            along[OBSERVABLE] = _varies_along(values[OBSERVABLE])
        dims = tuple(_name(axis, along) for axis in range(count))
        coords = {
            name: (tuple(dims[axis] for axis in sorted(own)), _along(values[name], own))
            for name, own in along.items()
        }
        return cls(dims, coords)


def _name(axis: int, along: Mapping[str, set[int]]) -> str:
    here = [name for name, own in along.items() if axis in own]
    parameters = [name for name in here if name != OBSERVABLE]
    if here == [OBSERVABLE]:
        return OBSERVABLE if along[OBSERVABLE] == {axis} else f"{OBSERVABLE}_{axis}"
    # Parameters that vary along several axes name none of them.
    names = [name for name in parameters if along[name] == {axis}]
    joined = "_".join(names)
    if len(names) == 1 or (1 < len(names) <= _MOST_JOINED and joined not in along):
        return joined
    return f"axis_{axis}"


def _single_points(shape: tuple[int, ...], parameter_axes: int) -> list[int]:
    """The axis of length 1 of the parameters, if there is one: a sweep of one point."""
    axes = range(len(shape) - parameter_axes, len(shape))
    single = [axis for axis in axes if axis >= 0 and shape[axis] == 1]
    return single if len(single) == 1 else []


def _aligned(array: np.ndarray, count: int) -> np.ndarray:
    """An array with so many axes; it is broadcast as NumPy does, to the right."""
    return array.reshape((1,) * (count - array.ndim) + array.shape)


def _varies_along(array: np.ndarray) -> set[int]:
    return {
        axis
        for axis in range(array.ndim)
        if array.size and (array != array.take([0], axis=axis)).any()
    }


def _along(array: np.ndarray, axes: set[int]) -> np.ndarray:
    """The values along those axes; along all others they are the same."""
    if not array.size:
        return np.empty([array.shape[axis] for axis in sorted(axes)])
    return array[tuple(slice(None) if axis in axes else 0 for axis in range(array.ndim))]


def _labels(pub: EstimatorPub) -> np.ndarray:
    """A label for each observable: ``ZZ``, or ``2 XX + 0.5 ZZ``, in the order of the alphabet."""
    labels = np.empty(pub.observables.shape, dtype=object)
    for place in np.ndindex(labels.shape):
        terms: Any = pub.observables[place]
        labels[place] = " + ".join(
            str(pauli) if coefficient == 1 else f"{coefficient:g} {pauli}"
            for pauli, coefficient in sorted(dict(terms).items())
        )
    return labels.astype(str)
