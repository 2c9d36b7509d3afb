"""Observables of a PUB, as they were sent -> each different one once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit.primitives.containers.observables_array import ObservablesArray

from qiskit_rest_primitives.local.engine.read.bind_values import coerce_observables
from qiskit_rest_primitives.local.outcome import RefusedError, StoppedError

PAULIS = [f"{first}{second}" for first in "IXYZ" for second in "IXYZ"]


@pytest.mark.parametrize(
    "sent",
    [
        "XZ",
        {"XZ": 2.0, "ZZ": -1.0},
        [],
        [[]],
        PAULIS * 40,
        [[{pauli: 0.5} for pauli in PAULIS * 40]],
        [[["XX"], ["YY"], ["ZZ"]], [["IX"], ["IY"], ["IZ"]]],
    ],
    ids=["text", "sum", "none", "no column", "many", "many in a row", "three axes"],
)
def test_observables_are_those_of_qiskit(sent: Any) -> None:
    """Of any shape and number, though many are coerced in pieces."""
    expected = ObservablesArray.coerce(sent)
    got = coerce_observables(sent, 2, 0, lambda: None)
    assert got.shape == expected.shape
    for index in np.ndindex(expected.shape):
        assert got.distinct[got.numbers[index]] == dict(expected.__array__()[index])


def test_many_observables_do_not_outlive_their_job() -> None:
    """What the check raises ends the work in the midst of it."""
    left = [3]

    def check() -> None:
        left[0] -= 1
        if not left[0]:
            raise StoppedError

    with pytest.raises(StoppedError):
        coerce_observables(PAULIS * 100, 2, 0, check)


@pytest.mark.parametrize("sent", [[["XX"], ["XX", "YY"]], [["XX"]] * 300 + ["XX"] * 300])
def test_observables_without_a_shape_are_refused(sent: Any) -> None:
    """Whichever way they are read."""
    with pytest.raises(RefusedError, match="PUB 4: observables: "):
        coerce_observables(sent, 2, 4, lambda: None)
