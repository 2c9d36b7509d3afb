"""The values of the inputs are those of binding the user's circuit with Qiskit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression

from qiskit_rest_primitives.circuits import encode_circuit, expressions
from qiskit_rest_primitives.errors import EncodeError
from tests.circuits.compare import assert_same_operator, declared_inputs

# Fixed ids: Qiskit orders the parameters of an expression by them.
A, B = Parameter("a", uuid=UUID(int=1)), Parameter("b", uuid=UUID(int=2))

EXPRESSIONS = [
    2 * A,
    A / 3,
    (A + B) * (A - B),
    np.pi * A,
    A**2,
    A**B,
    A.sin(),
    A.cos(),
    A.tan(),
    A.arcsin(),
    A.arccos(),
    A.arctan(),
    A.exp(),
    A.log(),
    A.abs(),
    A.sign(),
    A.conjugate(),
    (np.pi / 2) ** A,
    A ** (np.pi / 2),
    13.141592653589793 * B + np.pi * A,
    1e20 * A,
    2 - A,
    2 / A,
    A - B - (B - A),
    A / (A / B),
    1 / (A + B) - B,
    (B - 1) - (A - 3) / (2 - B),
    -(A + B),
    1j * A * 1j,
    (A + B).subs({B: 2 * A}),
    A * 0 + B,
    A - A + B,
    (A.sin() * B).gradient(A),
    A.abs().gradient(A),
    (A**0.5) ** 2,
    (A * B).bind({B: 2.5}),
]


def encoded_value(expression: ParameterExpression, values: Any) -> np.ndarray:
    """Encodes a circuit with one angle; returns the values of that one input."""
    circuit = QuantumCircuit(1)
    circuit.rx(expression, 0)
    encoded = encode_circuit(circuit)
    names = [parameter.name for parameter in circuit.parameters]
    columns = [["a", "b"].index(name) for name in names]
    return encoded.encode_values(np.asarray(values)[..., columns])[..., 0]


@pytest.mark.parametrize("trusted", [True, False], ids=["vectorised", "one by one"])
@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_every_operation(
    expression: ParameterExpression, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each function of ParameterExpression gives what bind gives, vectorised or not."""
    if not trusted:
        monkeypatch.setattr(expressions, "_read_steps", lambda *_: None)
    points = np.random.default_rng(3).uniform(0.05, 0.95, (2, 5, 2))
    expected = [
        expression.bind(
            {p: v for p, v in zip((A, B), point, strict=True) if p in expression.parameters}
        ).numeric()
        for point in points.reshape(-1, 2)
    ]
    found = encoded_value(expression, points)
    assert found.shape == (2, 5)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.ravel(), np.real(expected), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("expression", EXPRESSIONS[:30], ids=str)
def test_expressions_are_read_and_not_evaluated_one_by_one(
    expression: ParameterExpression,
) -> None:
    """The steps of ordinary expressions of this Qiskit are supported."""
    columns = {A: 0, B: 1}
    assert expressions.Expression.of(expression, columns).steps is not None


def test_steps_that_disagree_with_bind_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the meaning of QPY's steps changes, values come from bind."""
    monkeypatch.setitem(expressions._UNARY, "TAN", np.sinh)
    found = expressions.Expression.of(A.tan() + B.tan(), {A: 0, B: 1})
    assert found.steps is None
    assert found.evaluate(np.array([[0.5], [0.25]])) == pytest.approx(np.tan(0.5) + np.tan(0.25))


def test_unknown_steps_are_not_used() -> None:
    """An object without readable steps is left to bind."""

    class Foreign:
        _qpy_replay = ("?",)
        parameters = frozenset({A})

    assert expressions.Expression.of(Foreign(), {A: 0}).steps is None


OPERATIONS: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (y * y + 1.5),
    lambda x, y: x.sin() - y.cos(),
    lambda x, y: (x * x + 1.1) ** y.sin(),
    lambda x, y: x.arctan() * 0.5 - y,
    lambda x, y: (x.abs() + 1).log() + y.sign(),
]
LEAVES = st.sampled_from([A, B, 2 * A, 0.3 - B, A / 7, 3 / (B * B + 2)])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(lambda f, x, y: f(x, y), st.sampled_from(OPERATIONS), inner, inner),
    max_leaves=6,
)


@pytest.mark.parametrize("value", [1e-220, -1e-16, 1.7e-15, 1.8e-15, -1e-14, 0.0, 3.0])
def test_sign_of_tiny_numbers(value: float) -> None:
    """Tiny numbers count as zero, as in Qiskit."""
    expected = A.sign().bind({A: value}).numeric()
    assert encoded_value(A.sign(), [[value]]) == [expected]


@settings(max_examples=60, deadline=None)
@given(TREES, st.lists(st.tuples(*[st.floats(-3, 3)] * 2), min_size=1, max_size=4))
def test_random_expressions(
    expression: ParameterExpression, points: list[tuple[float, float]]
) -> None:
    """Random trees of operations give what bind gives."""
    if expressions.constant(expression) is None:
        expected = [
            expression.bind(
                {p: v for p, v in zip((A, B), point, strict=True) if p in expression.parameters}
            ).numeric()
            for point in points
        ]
        found = encoded_value(expression, points)
        np.testing.assert_allclose(found, np.real(expected), rtol=1e-9, atol=1e-9)


def test_expressions_become_inputs_after_the_parameters_in_use() -> None:
    """One input per distinct expression; a parameter only in expressions is not declared."""
    circuit = QuantumCircuit(1)
    circuit.rx(2 * A, 0)
    circuit.rx(B, 0)
    circuit.ry(2 * A, 0)
    circuit.rz(A + B, 0)
    encoded = assert_same_operator(circuit, [0.2, 0.3])
    assert declared_inputs(encoded.qasm) == ["p00000", "p00001", "p00002"]
    assert encoded.encode_values([[1.0, 2.0]]).tolist() == [[2.0, 2.0, 3.0]]


def test_more_than_a_hundred_thousand_inputs_sort_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zero padding grows with the number of inputs."""
    from qiskit_rest_primitives.circuits import parameters

    monkeypatch.setattr(parameters, "_WIDTH", 1)
    monkeypatch.setattr(parameters, "_INPUT", parameters.re.compile(r"\bp([0-9]+)\b"))
    circuit = QuantumCircuit(1)
    for index in range(12):
        circuit.rx(Parameter(f"t{index:02d}"), 0)
    encoded = assert_same_operator(circuit, np.arange(12) / 10)
    assert declared_inputs(encoded.qasm) == [f"p{index:02d}" for index in range(12)]


def test_values_keep_shape_and_bits() -> None:
    """Plain parameters pass through as float64, bit for bit, in any shape."""
    circuit = QuantumCircuit(1)
    circuit.rx(A, 0)
    circuit.rx(B, 0)
    encode = encode_circuit(circuit).encode_values
    values = np.random.default_rng(1).normal(size=(3, 1, 4, 2))
    assert np.array_equal(encode(values), values)
    assert encode(np.array([1, 2])).dtype == np.float64
    assert encode(np.array([1 + 0j, 2])).tolist() == [1.0, 2.0]
    assert encode(np.array([1, 2.5], dtype=object)).tolist() == [1.0, 2.5]
    assert encode(np.empty((0, 2))).shape == (0, 2)
    assert encode_circuit(QuantumCircuit(1)).encode_values(np.empty((4, 0))).shape == (4, 0)


def test_expressions_over_no_bindings() -> None:
    """An empty sweep stays empty."""
    circuit = QuantumCircuit(1)
    circuit.rx(2 * A + B.sin(), 0)
    assert encode_circuit(circuit).encode_values(np.empty((3, 0, 2))).shape == (3, 0, 1)


def test_a_parameter_of_the_global_phase_is_not_sent() -> None:
    """The user's array has a column for it, which is left out."""
    circuit = QuantumCircuit(1, global_phase=A)
    assert encode_circuit(circuit).encode_values(np.ones((2, 1))).shape == (2, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0]], "2 parameters but values for 1; pass an array whose last axis is 2"),
        (1.0, "2 parameters but values for one number"),
        ([1.0, np.nan], "parameter 'b' is NaN or infinite"),
        ([[1.0, 2.0], [np.inf, 2.0]], "parameter 'a' is NaN or infinite"),
        ([1.0, 1 + 1j], r"parameter 'b' is \(1\+1j\); it must be real"),
        (1j, "must be real"),
        (["1", "2"], "must be numbers"),
        ([object(), 2], "must be numbers"),
        ([1.0, 10**400], "parameter 'b' is larger than any float64"),
        ([[1j, 1], [-(10**400), 2]], "parameter 'a' is larger than any float64"),
        (10**400, "larger than any float64"),
    ],
)
def test_wrong_values_are_refused(values: Any, message: str) -> None:
    """Shape, NaN, infinity, complex numbers and text are named with the parameter."""
    circuit = QuantumCircuit(1)
    circuit.rx(A, 0)
    circuit.rx(B, 0)
    with pytest.raises(EncodeError, match=message):
        encode_circuit(circuit).encode_values(values)


@pytest.mark.parametrize(
    ("expression", "value"), [(A.log(), -1.0), (1 / A, 0.0), (A**0.5, -2.0), (A.arcsin(), 2.0)]
)
@pytest.mark.parametrize("trusted", [True, False], ids=["vectorised", "one by one"])
def test_expressions_without_a_real_value_are_refused(
    expression: ParameterExpression, value: float, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the expression, its position and the binding."""
    if not trusted:
        monkeypatch.setattr(expressions, "_read_steps", lambda *_: None)
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.rx(expression, 0)
    with pytest.raises(EncodeError, match=r"instruction 1 \('rx' on q\[0\]\).* at a = ") as caught:
        encode_circuit(circuit).encode_values([[0.5], [value]])
    assert repr(value) in str(caught.value)
