"""Results with names on their axes: xarray's Dataset, pandas' DataFrame. Needs ``[xarray]``.

In: a job or a result, and its PUB. Out: the same numbers, with the parameters' names and values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from qiskit.primitives import PrimitiveResult, PubResult
from qiskit.primitives.containers import BitArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.errors import InputError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.results.pub_axes import PubAxes

if TYPE_CHECKING:
    import pandas
    import xarray

INSTALL: Final = "pip install 'qiskit-rest-primitives[xarray]'"
ALL_OUTCOMES_UP_TO: Final = 8
"""Bits of a register whose outcomes are all listed, also those that did not occur."""
MOST_NUMBERS: Final = 100_000_000

_MEANINGS: Final = {
    "evs": "expectation value",
    "stds": "standard error",
    "ensemble_standard_error": "standard error, from the spread of random circuits",
    "evs_noise_factors": "expectation value at each noise factor",
    "stds_noise_factors": "standard error at each noise factor",
    "ensemble_stds_noise_factors": "standard error at each noise factor, from the spread",
    "evs_extrapolated": "extrapolated expectation value",
    "stds_extrapolated": "standard error of the extrapolated value",
}
_FACTOR, _FIT, _READ_AT = "noise_factor", "extrapolator", "extrapolated_noise_factor"


def to_xarray(
    job_or_result: Any,
    pub_index: int | None = None,
    *,
    pub: Any = None,
    values: Literal["counts", "probabilities"] = "counts",
) -> xarray.Dataset:
    """A PUB's result as a labelled Dataset, for sweeps that are plotted.

    An axis along which one parameter varies has its name, and its values as coordinates; where
    several vary together, their names are joined with ``_``. Parameters that do not vary are
    coordinates without an axis. An estimator's data are variables: ``evs``, ``stds``, and with
    ZNE those at each ``noise_factor``; its observables are the coordinate ``observable``. A
    sampler's registers are variables with the axis ``<register>_outcome``; all outcomes of a
    register of up to eight bits are listed, of a wider one those that occurred.

    Args:
        job_or_result: a job, which is waited for, its result, or the result of one PUB.
        pub_index: which PUB; may be left out if there is one.
        pub: the PUB as it was run, ``(circuit, values)`` or ``(circuit, observables, values)``;
            needed for a result without its job, and for a job that this process did not submit.
        values: of a sampler: counts, or their share of the shots.

    Raises:
        InputError: the PUB is not known or is another one, or the Dataset would be too large.
        ImportError: the extra ``[xarray]`` is not installed.

    >>> circuit, angle = QuantumCircuit(1), Parameter("angle")
    >>> rotated = circuit.ry(angle, 0)
    >>> job = EstimatorV2(backend).run([(circuit, "Z", [[0.0], [1.0], [3.0]])], precision=0)
    >>> to_xarray(job).evs.sel(angle=1.0).round(3).item()
    0.54
    """
    _require("xarray")
    import xarray

    labelled = _Labelled.of(job_or_result, pub_index, pub)
    data = labelled.estimates() if labelled.is_estimate else labelled.samples(values)
    coords = dict(labelled.axes.coords)
    variables: dict[str, Any] = {}
    for name, (dims, array, more) in data.items():
        variables[name] = xarray.Variable(dims, array, {"long_name": _MEANINGS.get(name, name)})
        coords.update(more)
    if not labelled.is_estimate:
        for variable in variables.values():
            variable.attrs["long_name"] = values
    metadata = labelled.result.metadata
    known = ("shots", "target_precision", "num_randomizations")
    attributes = {name: metadata[name] for name in known if metadata.get(name) is not None}
    return xarray.Dataset(variables, coords, attributes)


def to_pandas(
    job_or_result: Any, pub_index: int | None = None, *, pub: Any = None
) -> pandas.DataFrame:
    """A PUB's result as a tidy table, one row for each value.

    Columns are the parameters, then for an estimator ``observable``, ``evs``, ``stds`` and what
    else has a value for each element of the PUB (the values at each noise factor are in
    `to_xarray`); for a sampler ``register``, ``outcome``, ``counts`` and ``probability`` of the
    outcomes that occurred.

    Args:
        job_or_result: as in `to_xarray`.
        pub_index: as in `to_xarray`.
        pub: as in `to_xarray`.

    Raises:
        InputError: the PUB is not known, or is another one.
        ImportError: the extra ``[xarray]`` is not installed.

    >>> job = SamplerV2(backend, seed=7).run([bell], shots=100)
    >>> to_pandas(job).counts.to_list()
    [50, 50]
    """
    _require("pandas")
    import pandas

    labelled = _Labelled.of(job_or_result, pub_index, pub)
    shape, columns = labelled.shape, labelled.columns()
    if labelled.is_estimate:
        for name, (dims, array, _) in labelled.estimates().items():
            if len(dims) == len(shape):
                columns[name] = array.reshape(-1)
        return pandas.DataFrame(columns)
    rows: dict[str, list[Any]] = {name: [] for name in columns}
    rows |= {"register": [], "outcome": [], "counts": [], "probability": []}
    for name, bits in labelled.registers():
        for point, place in enumerate(np.ndindex(shape)):
            for outcome, count in sorted(bits[place].get_counts().items()):
                for column, along in columns.items():
                    rows[column].append(along[point])
                rows["register"].append(name)
                rows["outcome"].append(outcome)
                rows["counts"].append(count)
                rows["probability"].append(count / bits.num_shots)
    return pandas.DataFrame(rows)


@dataclass(frozen=True)
class _Labelled:
    """The result of a PUB, with the names of its axes."""

    result: PubResult
    axes: PubAxes

    @classmethod
    def of(cls, job_or_result: Any, pub_index: int | None, pub: Any) -> _Labelled:
        results = _result_of(job_or_result)
        index = _index(len(results), pub_index)
        result = results[index]
        if pub is None:
            pub = _pub_of(job_or_result, index)
        is_estimate = "evs" in result.data
        if pub is None:
            if tuple(result.data.shape):
                raise InputError(
                    "the names and values of the parameters are not in the result: pass the job "
                    "that run() returned, or the PUB as it was run, pub=(circuit, values) of a "
                    "sampler or pub=(circuit, observables, values) of an estimator"
                )
            return cls(result, PubAxes((), {}))
        coerced = EstimatorPub.coerce(pub) if is_estimate else SamplerPub.coerce(pub)
        if coerced.shape != tuple(result.data.shape):
            raise InputError(
                f"the PUB has the shape {coerced.shape}, its result {tuple(result.data.shape)}: "
                "pass the PUB that was run, or another pub_index"
            )
        fields = list(result.data.keys())
        taken = {*fields, _FACTOR, _FIT, _READ_AT, "register", "outcome", "counts"}
        taken |= {"probability", *(f"{name}_outcome" for name in fields)}
        return cls(result, PubAxes.of(coerced, frozenset(taken)))

    @property
    def is_estimate(self) -> bool:
        return "evs" in self.result.data

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.result.data.shape)

    def columns(self) -> dict[str, np.ndarray]:
        """The coordinates of each element of the PUB, in C order."""
        size = dict(zip(self.axes.dims, self.shape, strict=True))
        columns: dict[str, np.ndarray] = {}
        for name, (dims, array) in self.axes.coords.items():
            aligned = array.reshape([size[dim] if dim in dims else 1 for dim in self.axes.dims])
            columns[name] = np.broadcast_to(aligned, self.shape).reshape(-1)
        return columns

    def registers(self) -> Iterator[tuple[str, BitArray]]:
        for name, bits in self.result.data.items():
            if not isinstance(bits, BitArray):
                raise InputError(f"register {name} has {type(bits).__name__}, not bits")
            yield name, bits

    def estimates(self) -> dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]]:
        """Variables of an estimator: axes, values and the coordinates of further axes."""
        zne: Mapping[str, Any] = (self.result.metadata.get("resilience") or {}).get("zne") or {}
        factors = (_FACTOR, zne.get("noise_factors"))
        fits = ((_FIT, zne.get("extrapolators")), (_READ_AT, zne.get("extrapolated_noise_factors")))
        found: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = {}
        for name, array in self.result.data.items():
            values = np.asarray(array)
            inner = values.shape[len(self.shape) :]
            more = (factors,) if len(inner) == 1 else fits if len(inner) == 2 else ()
            dims = tuple(f"{name}_axis_{number}" for number in range(len(inner)))
            coords: dict[str, Any] = {}
            if more and all(
                along is not None and len(along) == length
                for (_, along), length in zip(more, inner, strict=True)
            ):
                dims = tuple(dim for dim, _ in more)
                coords = {dim: ((dim,), along) for dim, along in more}
            found[name] = ((*self.axes.dims, *dims), values, coords)
        return found

    def samples(self, kind: str) -> dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]]:
        """Variables of a sampler, one for each register."""
        if kind not in ("counts", "probabilities"):
            raise InputError(f"values={kind!r}: pass 'counts' or 'probabilities'")
        found: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = {}
        for name, bits in self.registers():
            each = [bits[place].get_counts() for place in np.ndindex(self.shape)]
            width = bits.num_bits
            if width <= ALL_OUTCOMES_UP_TO:
                outcomes = [f"{number:0{width}b}" if width else "" for number in range(1 << width)]
            else:
                outcomes = sorted({outcome for counts in each for outcome in counts})
            if len(outcomes) * len(each) > MOST_NUMBERS:
                raise InputError(
                    f"register {name}: {len(outcomes):,} outcomes at {len(each):,} points are too "
                    "many for an array; to_pandas lists those that occurred at each point"
                )
            place_of = {outcome: place for place, outcome in enumerate(outcomes)}
            array = np.zeros((len(each), len(outcomes)), dtype=int)
            for row, counts in zip(array, each, strict=True):
                for outcome, count in counts.items():
                    row[place_of[outcome]] = count
            dim = f"{name}_outcome"
            shaped = array.reshape((*self.shape, len(outcomes)))
            scaled = shaped / bits.num_shots if kind == "probabilities" else shaped
            found[name] = ((*self.axes.dims, dim), scaled, {dim: ((dim,), np.array(outcomes))})
        return found


def _result_of(given: Any) -> PrimitiveResult[Any] | list[PubResult]:
    if isinstance(given, PubResult):
        return [given]
    found = given.result() if isinstance(given, Job) else given
    if not isinstance(found, PrimitiveResult):
        raise InputError(
            f"pass a job of a primitive, its result or one of its PUBs' results, not "
            f"{type(given).__name__}"
        )
    return found


def _index(count: int, index: int | None) -> int:
    if index is None and count != 1:
        raise InputError(f"the result has {count} PUBs: pass pub_index, from 0 to {count - 1}")
    index = index or 0
    if not -count <= index < count:
        raise InputError(f"pub_index={index}, but the result has {count} PUBs")
    return index


def _pub_of(given: Any, index: int) -> Any:
    """The PUB that a handle submitted; None if it does not know it."""
    pubs: Any = given.inputs.get("pubs") if isinstance(given, Job) else None
    if not pubs or isinstance(pubs[index][0], (str, dict)):
        return None  # as it went over the wire
    return pubs[index]


def _require(package: str) -> None:
    if find_spec(package) is None:
        raise ImportError(f"this needs {package}: {INSTALL}", name=package)
