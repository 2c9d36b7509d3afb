"""Tensors: exact, in both directions, and damaged ones."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from qiskit.primitives.containers import BitArray

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.executor.tensors import (
    MAX_TENSOR_BYTES,
    Tensor,
    decode_tensor,
    encode_tensor,
    tensor_of,
)

ARRAYS = nps.arrays(
    st.sampled_from(["?", "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]),
    nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)


class TestRoundTrip:
    """What is encoded is decoded, bit for bit."""

    @settings(deadline=None)
    @given(ARRAYS)
    def test_compressed(self, array: np.ndarray) -> None:
        """Any dtype and shape."""
        found = decode_tensor(encode_tensor(array), "x")
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()

    @settings(deadline=None)
    @given(nps.arrays(st.sampled_from(["?", "f8", "u1", "c16"]), (3, 5)))
    def test_not_compressed(self, array: np.ndarray) -> None:
        """The four dtypes of schema v1.1."""
        found = decode_tensor(encode_tensor(array, compressed=False), "x", compressed=False)
        assert found.dtype == array.dtype
        assert found.tobytes() == array.tobytes()

    @settings(deadline=None, max_examples=50)
    @given(st.integers(1, 20), st.integers(1, 40), st.integers(0, 2**32))
    def test_samples(self, num_bits: int, shots: int, seed: int) -> None:
        """Samples are bits, the register's bit 0 first."""
        bools = np.random.default_rng(seed).random((2, 3, shots, num_bits)) < 0.5
        bits = BitArray.from_bool_array(bools, order="little")
        assert np.array_equal(decode_tensor(encode_tensor(bits), "x"), bools)

    def test_many_samples(self) -> None:
        """Blocks of samples follow each other without a gap."""
        bools = np.random.default_rng(1).random((20_001, 133)) < 0.5
        bits = BitArray.from_bool_array(bools, order="little")
        assert np.array_equal(decode_tensor(encode_tensor(bits), "x"), bools)

    def test_big_endian(self) -> None:
        """The order of an array's bytes in memory does not matter."""
        array = np.arange(3, dtype=">f8")
        assert decode_tensor(encode_tensor(array), "x").tolist() == [0, 1, 2]


class TestOfficialSchemas:
    """Against the models of ibm-quantum-schemas."""

    @settings(deadline=None, max_examples=50)
    @given(ARRAYS)
    def test_compressed(self, array: np.ndarray) -> None:
        """Each reads what the other writes."""
        schemas = pytest.importorskip("ibm_quantum_schemas.common")
        model = schemas.CompressedTensorModel
        theirs = model(**msgspec.to_builtins(encode_tensor(array))).to_numpy()
        assert theirs.tobytes() == array.tobytes()
        ours = tensor_of(model.from_numpy(array).model_dump(mode="json"), "x")
        assert decode_tensor(ours, "x").tobytes() == array.tobytes()

    @settings(deadline=None, max_examples=50)
    @given(nps.arrays(st.sampled_from(["?", "f8", "u1", "c16"]), (2, 7)))
    def test_not_compressed(self, array: np.ndarray) -> None:
        """Each reads what the other writes in schema v1.1."""
        schemas = pytest.importorskip("ibm_quantum_schemas.common")
        model = schemas.TensorModel
        mine = msgspec.to_builtins(encode_tensor(array, compressed=False))
        assert model(**mine).to_numpy().tobytes() == array.tobytes()
        ours = tensor_of(model.from_numpy(array).model_dump(mode="json"), "x")
        assert decode_tensor(ours, "x", compressed=False).tobytes() == array.tobytes()


def tensor(data: bytes, shape: list[int], dtype: Any = "f64") -> Tensor:
    """A tensor of these bytes."""
    return Tensor(base64.b64encode(zlib.compress(data)).decode(), shape, dtype)


class TestDamaged:
    """Bad tensors are refused with their place, before they take memory."""

    @pytest.mark.parametrize(
        ("bad", "said"),
        [
            (tensor(b"0" * 16, [3]), "shape \\[3\\] and dtype f64 need 24"),
            (tensor(b"0" * 32, [3]), "more than 24 bytes"),
            (tensor(bytes(10**8), [3]), "more than 24 bytes"),
            (tensor(b"00", [2**40, 2**40]), "at most"),
            (tensor(b"0", [9], "bool"), "dtype bool need 2"),
            (Tensor("§", [1], "f64"), "not base64"),
            (Tensor("AAAA", [1], "f64"), "zlib"),
        ],
    )
    def test_damaged_data_is_refused(self, bad: Tensor, said: str) -> None:
        """Wrong length, too long, endless, too large, not base64, not zlib."""
        with pytest.raises(ProtocolError, match=f"item 4: {said}|item 4: .*{said}"):
            decode_tensor(bad, "item 4")

    @pytest.mark.parametrize(
        "bad",
        [
            None,
            {"data": "", "shape": [1]},
            {"data": "", "shape": [-1], "dtype": "f64"},
            {"data": "", "shape": [1] * 33, "dtype": "f64"},
            {"data": "", "shape": [1.5], "dtype": "f64"},
            {"data": "", "shape": [1], "dtype": "f128"},
        ],
    )
    def test_wrong_members_are_refused(self, bad: Any) -> None:
        """A missing member, a wrong shape or an unknown dtype."""
        with pytest.raises(ProtocolError, match="item 4"):
            tensor_of(bad, "item 4")

    def test_dtype_of_later_schemas(self) -> None:
        """A dtype that schema v1.1 does not have."""
        with pytest.raises(ProtocolError, match=r"i32 before schema v2\.0"):
            decode_tensor(Tensor("", [0], "i32"), "x", compressed=False)
        with pytest.raises(ProtocolError, match="int32"):
            encode_tensor(np.zeros(1, np.int32), compressed=False)

    def test_objects(self) -> None:
        """An array of objects has no tensor."""
        with pytest.raises(ProtocolError, match="dtype object"):
            encode_tensor(np.array([None]))

    def test_the_default_limit_is_finite(self) -> None:
        """A tensor in memory takes at most a gibibyte."""
        assert MAX_TENSOR_BYTES == 2**30
