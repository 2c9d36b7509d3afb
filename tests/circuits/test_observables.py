"""Encoded observables equal the user's, as operators of quantum_info."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import Operator, Pauli, PauliList, SparseObservable, SparsePauliOp

from qiskit_rest_primitives.circuits import encode_observables
from qiskit_rest_primitives.errors import EncodeError

PROJECTORS = {
    "0": [[1, 0], [0, 0]],
    "1": [[0, 0], [0, 1]],
    "+": [[0.5, 0.5], [0.5, 0.5]],
    "-": [[0.5, -0.5], [-0.5, 0.5]],
    "r": [[0.5, -0.5j], [0.5j, 0.5]],
    "l": [[0.5, 0.5j], [-0.5j, 0.5]],
}


def matrix(label: str) -> np.ndarray:
    """The matrix of a string of Pauli and projector letters."""
    result = np.eye(1)
    for letter in label:
        one = PROJECTORS[letter] if letter in PROJECTORS else Pauli(letter).to_matrix()
        result = np.kron(result, np.asarray(one))
    return result


@pytest.mark.parametrize(
    ("observables", "expected"),
    [
        ("XIZ", {"XIZ": 1.0}),
        (Pauli("-YYI"), {"YYI": -1.0}),
        (SparsePauliOp(["XXI", "IZZ"], [0.5, -2]), {"XXI": 0.5, "IZZ": -2.0}),
        (SparsePauliOp(["XXI", "XXI"], [0.5, 1]), {"XXI": 1.5}),
        ({"XXI": 2, Pauli("ZZZ"): 0.25}, {"XXI": 2.0, "ZZZ": 0.25}),
        (SparseObservable.from_list([("IXI", 3.0)]), {"IXI": 3.0}),
        (["ZII", "IZI"], [{"ZII": 1.0}, {"IZI": 1.0}]),
        (PauliList(["ZII", "IZI"]), [{"ZII": 1.0}, {"IZI": 1.0}]),
        ([["ZII"], ["IZI"]], [[{"ZII": 1.0}], [{"IZI": 1.0}]]),
        ("III", {"III": 1.0}),
    ],
    ids=str,
)
def test_every_form_that_qiskit_coerces(observables: Any, expected: Any) -> None:
    """Strings, Paulis, sums, mappings, sparse observables and nested lists of them."""
    assert encode_observables(ObservablesArray.coerce(observables), 3) == expected


def test_an_empty_array_is_an_empty_list() -> None:
    """No observables, whatever the width."""
    assert encode_observables(ObservablesArray(np.empty((0,), dtype=object)), 5) == []


def test_the_zero_operator_is_a_term() -> None:
    """Services want at least one term."""
    zero = ObservablesArray(SparseObservable.zero(3), validate=False)
    assert encode_observables(zero, 3) == {"III": 0.0}


def test_coefficients_are_plain_floats() -> None:
    """Coefficients are Python floats without rounding."""
    value = np.nextafter(0.1, 1)
    encoded = encode_observables(ObservablesArray.coerce(SparsePauliOp(["X"], [value])), 1)
    assert type(encoded["X"]) is float
    assert encoded == {"X": value}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text("IXYZ01+-rl", min_size=3, max_size=3),
        st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3),
        min_size=1,
        max_size=4,
    )
)
def test_projectors_expand_to_the_same_operator(terms: dict[str, float]) -> None:
    """0 1 + - r l become sums of Paulis; checked by matrices."""
    encoded = encode_observables(ObservablesArray.coerce(terms), 3)
    assert set("".join(encoded)) <= set("IXYZ")
    expected = sum(coefficient * matrix(label) for label, coefficient in terms.items())
    found = Operator(SparsePauliOp.from_list(list(encoded.items())))
    np.testing.assert_allclose(found.data, expected, atol=1e-12)


@pytest.mark.slow
def test_plain_paulis_are_not_limited() -> None:
    """The limit applies to expanded projectors, not to the user's own terms."""
    labels = [f"{index:015b}".replace("0", "I").replace("1", "Z") for index in range((1 << 14) + 5)]
    observable = SparsePauliOp(labels, np.ones(len(labels)))
    assert len(encode_observables(ObservablesArray.coerce(observable), 15)) == (1 << 14) + 5
    assert len(encode_observables(ObservablesArray.coerce("0" * 14), 14)) == 1 << 14


@pytest.mark.parametrize(
    "terms", [{"0" * 15: 1.0}, {"X" + "0" * 14: 1.0, "Y" + "1" * 14: 1.0}], ids=["one", "two"]
)
def test_too_many_projectors_are_refused(terms: dict[str, float]) -> None:
    """More than 2^14 terms: the message names the term."""
    with pytest.raises(EncodeError, match=r"the term '[XY01]{15}' has 1[45] projectors"):
        encode_observables(ObservablesArray.coerce(terms), 15)


def test_width_must_be_the_circuits() -> None:
    """The cure for a transpiled circuit is in the message."""
    with pytest.raises(EncodeError, match=r"have 2 qubits but the circuit has 5.*apply_layout"):
        encode_observables(ObservablesArray.coerce(["ZZ"]), 5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_coefficients_must_be_finite(value: float) -> None:
    """NaN and infinity are named with their term."""
    observable = SparseObservable.from_list([("XZ", value)])
    with pytest.raises(EncodeError, match=r"coefficient of 'XZ' is (nan|inf)"):
        encode_observables(ObservablesArray(observable, validate=False), 2)
