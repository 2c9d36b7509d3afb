"""Results and bodies that several tests start from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, SamplerPubResult

SHAPES = st.sampled_from([(), (1,), (3,), (2, 3), (2, 1, 2), (0,), (2, 0)])
NAMES = st.sampled_from(["c", "meas", "alpha", "θ", "c0_1", "samples", "num_bits"])
FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)
KEYS = st.text(max_size=5).filter(lambda key: key != "__type__")
METADATA = st.dictionaries(
    KEYS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.text(max_size=3).filter(lambda k: k != "__type__"), inner, max_size=3
            )
        ),
        max_leaves=6,
    ),
    max_size=3,
)


def bits(shape: tuple[int, ...], shots: int, num_bits: int, seed: int = 0) -> BitArray:
    """Makes random samples without stray bits."""
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 256, (*shape, shots, -(-num_bits // 8)), dtype=np.uint8)
    if num_bits:
        array[..., 0] &= 255 >> (-num_bits % 8)
    return BitArray(array, num_bits)


@st.composite
def sampler_results(draw: st.DrawFn) -> PrimitiveResult:
    """Draws sampler results of any shape, width and number of PUBs and registers."""
    pubs = []
    for _ in range(draw(st.integers(0, 3))):
        shape = draw(SHAPES)
        shots = draw(st.integers(1, 30))
        widths = draw(st.dictionaries(NAMES, st.integers(1, 140), min_size=1, max_size=3))
        seed = draw(st.integers(0, 1000))
        fields = {name: bits(shape, shots, width, seed) for name, width in widths.items()}
        pubs.append(SamplerPubResult(DataBin(shape=shape, **fields), draw(METADATA)))
    return PrimitiveResult(pubs, draw(METADATA))


@st.composite
def estimator_results(draw: st.DrawFn) -> PrimitiveResult:
    """Draws estimator results with the fields that mitigation adds."""
    pubs = []
    for _ in range(draw(st.integers(0, 3))):
        shape = draw(SHAPES)
        fields = {"evs": draw(hnp.arrays(np.float64, shape, elements=FLOATS))}
        extras = {"stds": (), "evs_noise_factors": (3,), "evs_extrapolated": (2, 4)}
        for name, extra in extras.items():
            # JSON lists do not tell the length of an axis behind one of length 0.
            if draw(st.booleans()) and (0 not in shape or not extra):
                fields[name] = draw(hnp.arrays(np.float64, (*shape, *extra), elements=FLOATS))
        pubs.append(PubResult(DataBin(shape=shape, **fields), draw(METADATA)))
    return PrimitiveResult(pubs, draw(METADATA))


def shapes_of(result: PrimitiveResult) -> list[tuple[int, ...]]:
    """Lists the shapes of a result's PUBs."""
    return [pub.data.shape for pub in result]


def assert_same(left: PrimitiveResult, right: PrimitiveResult) -> None:
    """Compares types, names and their order, shapes, dtypes, every bit, and metadata."""
    assert len(left) == len(right)
    assert_equal(left.metadata, right.metadata)
    for one, other in zip(left, right, strict=True):
        assert type(one) is type(other)
        assert_equal(one.metadata, other.metadata)
        assert one.data.shape == other.data.shape
        assert list(one.data) == list(other.data)
        for name in one.data:
            assert_equal(one.data[name], other.data[name])


def assert_equal(left: Any, right: Any) -> None:
    """Compares two values; NaN equals NaN, types count."""
    assert type(left) is type(right), (left, right)
    if isinstance(left, BitArray):
        assert left.num_bits == right.num_bits
        assert_equal(left.array, right.array)
    elif isinstance(left, np.ndarray):
        assert (left.shape, left.dtype) == (right.shape, right.dtype)
        np.testing.assert_array_equal(left, right)
    elif isinstance(left, dict):
        assert list(left) == list(right)
        for key, value in left.items():
            assert_equal(value, right[key])
    elif isinstance(left, (list, tuple)):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_equal(one, other)
    else:
        assert left == right or (left != left and right != right)


def plain(*pubs: dict[str, Any], metadata: Any = None) -> bytes:
    """Makes a plain JSON body of PUB data."""
    results = [{"data": data, "metadata": {}} for data in pubs]
    return json.dumps({"results": results, "metadata": metadata or {}}).encode()


def envelope(kind: str, value: Any, **others: Any) -> dict[str, Any]:
    """Makes an envelope."""
    return {"__type__": kind, "__value__": value, **others}
