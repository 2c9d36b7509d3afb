"""Hex samples in every legal spelling, against int() and BitArray."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from qiskit.primitives import BitArray

from qiskit_rest_primitives.wire.result import hex_samples
from qiskit_rest_primitives.wire.result.hex_samples import (
    decode_hex_list,
    decode_hex_text,
    encode_hex_text,
)
from qiskit_rest_primitives.wire.result.results import decode_result
from qiskit_rest_primitives.wire.values.arrays import Slice

SEPARATORS = [",", ", ", ",\n", "\t,  ", ",\n      "]


def written(numbers: list[int], separator: str = ",", form: str = "0x{:x}") -> Slice:
    """Writes samples as the inside of a JSON list, within some other text."""
    text = separator.join(f'"{form.format(number)}"' for number in numbers)
    data = f"[{text}]".encode()
    return Slice(data, 1, len(data) - 1)


def expected(numbers: list[int], num_bits: int) -> np.ndarray:
    """Packs samples as Qiskit does."""
    return BitArray.from_samples(numbers, num_bits).array


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 260), st.sampled_from(SEPARATORS), st.booleans())
def test_plain_layouts_are_read_from_the_bytes(
    data: st.DataObject, num_bits: int, separator: str, upper: bool
) -> None:
    """Any width, mixed lengths, either case of letters, steady spacing."""
    numbers = data.draw(st.lists(st.integers(0, 2**num_bits - 1), min_size=1, max_size=40))
    form = "0x{:X}" if upper else "0x{:x}"
    rows = decode_hex_text(written(numbers, separator, form), num_bits)
    if rows is None:  # only very wide spacing is left to the JSON parser
        assert len(separator) > 4
        rows = decode_hex_list([hex(number) for number in numbers], num_bits, "c")
    np.testing.assert_array_equal(rows, expected(numbers, num_bits))


@pytest.mark.parametrize("num_bits", [1, 7, 8, 64, 65, 127, 128, 1000])
def test_samples_across_pieces_stay_in_order(
    num_bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples across the boundaries of pieces, and rows that grow, stay in order."""
    monkeypatch.setattr(hex_samples, "_TEXT_PIECE", 700)
    rng = np.random.default_rng(num_bits)
    # Short samples first: the estimate of how many there are is wrong both ways.
    widths = np.repeat([1, num_bits, 1], 500)
    numbers = [int.from_bytes(rng.bytes(125), "big") % 2 ** int(w) for w in widths]
    rows = decode_hex_text(written(numbers), num_bits)
    assert rows is not None
    np.testing.assert_array_equal(rows, expected(numbers, num_bits))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text('0123456789abcdefABCDEFxgX "\\,[]_-é', max_size=6), min_size=1, max_size=8))
@example(["0x1", '0x1","0x2'])
@example(["0x\x11"])
@example(["0x1", "0x"])
@example(["0x1", "1x1"])
@example(["0xé"])
def test_any_strings_are_read_as_by_json(samples: list[str]) -> None:
    """The fast path equals int() for every sample, or defers to the exact path."""
    data = json.dumps(samples, separators=(",", ":"), ensure_ascii=False).encode()
    rows = decode_hex_text(Slice(data, 1, len(data) - 1), 24)
    if rows is not None:
        np.testing.assert_array_equal(rows, expected([int(s, 16) for s in samples], 24))
        assert all(s[:2] in ("0x", "0X") for s in samples)


@pytest.mark.parametrize(
    ("text", "num_bits"),
    [
        (b'"0x1"', 0),
        (b"", 2),
        (b"  ", 2),
        (b',"0x1"', 2),
        (b'"0x1",', 2),
        (b'"0x1""0x1"', 2),
        (b'"0x1",,"0x1"', 2),
        (b'"0x1",  "0x1","0x1"', 2),
        (b'"0x1","0X1","0x1"', 2),
        (b'"0x0001"', 2),
        (b'"0x4"', 2),
        (b'"0x"', 2),
        (b'"0x1","0x', 2),
        (b'"0x1","0x"', 2),
        (b'"1"', 2),
        (b'"0x1",2', 2),
        (b'"0x1" "0x2"', 2),
        (b'"0x1",        "0x1"', 2),
        (b'"0x1"' * 2, 2),
    ],
)
def test_other_layouts_are_left_to_json(text: bytes, num_bits: int) -> None:
    """The fast path declines layouts that it does not recognise."""
    assert decode_hex_text(Slice(text, 0, len(text)), num_bits) is None


def test_leading_zeros_and_mixed_spelling_are_read() -> None:
    """The exact path accepts every legal spelling of a number."""
    samples = ["0x0003", "0X1", "0xFf", "0x0"]
    rows = decode_hex_list(samples, 8, "c")
    np.testing.assert_array_equal(rows[:, 0], [3, 1, 255, 0])
    assert decode_hex_list([], 8, "c").shape == (0, 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.data())
def test_written_samples_equal_hex(num_bits: int, data: st.DataObject) -> None:
    """Our text equals Python's hex(), without leading zeros."""
    numbers = data.draw(st.lists(st.integers(0, 2**num_bits - 1), min_size=1, max_size=20))
    text = b"".join(encode_hex_text(expected(numbers, num_bits)))
    assert json.loads(b"[" + text + b"]") == [hex(number) for number in numbers]


def test_registers_without_bits_have_zero_samples() -> None:
    """A register of width 0 still has its shots."""
    assert b"".join(encode_hex_text(np.zeros((2, 0), np.uint8))) == b'"0x0","0x0"'
    body = b'{"results":[{"data":{"c":{"samples":["0x0","0x0"],"num_bits":0}}}]}'
    assert decode_result(body, program_id="sampler")[0].data.c.num_shots == 2


@pytest.mark.parametrize("width", [70_000, 5_000])
def test_very_wide_registers(width: int) -> None:
    """Widths beyond one word use the exact path, in bodies long enough to be cut."""
    numbers = [2**width - 1, 1, 0]
    body = {"results": [{"data": {"c": {"samples": [hex(n) for n in numbers], "num_bits": width}}}]}
    result = decode_result(json.dumps(body).encode(), program_id="sampler")
    np.testing.assert_array_equal(result[0].data.c.array, expected(numbers, width))


def test_a_width_larger_than_the_text_takes_no_memory() -> None:
    """A thousand short samples of a huge register are refused before rows are made."""
    samples = ["0x0"] * 100_000
    body = {"results": [{"data": {"c": {"samples": samples, "num_bits": 60_000}}}]}
    with pytest.raises(Exception, match="100000 samples can't have num_bits = 60000"):
        decode_result(json.dumps(body).encode(), program_id="sampler")


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("nested", [False, True])
def test_long_bodies_in_any_layout(indent: int | None, nested: bool) -> None:
    """Compact, spaced, indented, flat and nested long lists give the same array."""
    rng = np.random.default_rng(5)
    numbers = [int(n) for n in rng.integers(0, 2**40, 3000)]
    samples: list = [hex(n) for n in numbers]
    if nested:
        samples = [[samples[i : i + 100] for i in j] for j in np.arange(0, 3000, 100).reshape(6, 5)]
    body = {"metadata": {"samples": ["a"] * 2000, "__value__": "b" * 5000}}
    body["results"] = [{"data": {"c": {"samples": samples, "num_bits": 40}}}]
    result = decode_result(
        json.dumps(body, indent=indent).encode(), program_id="sampler", pub_shapes=[(6, 5)]
    )
    np.testing.assert_array_equal(
        result[0].data.c.array, expected(numbers, 40).reshape(6, 5, 100, 5)
    )
    assert result.metadata == body["metadata"]


def test_a_bracket_within_a_long_list_is_named() -> None:
    """A sample with a bracket is refused as such, not as broken JSON."""
    samples = ["0x1"] * 3000 + ["0x1]"] + ["0x1"] * 10
    body = {"results": [{"data": {"c": {"samples": samples, "num_bits": 1}}}]}
    with pytest.raises(Exception, match="sample 3000: expected hex such as '0x1f', found '0x1]'"):
        decode_result(json.dumps(body).encode(), program_id="sampler")
