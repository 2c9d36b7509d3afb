"""Exact values of random dynamic circuits against Aer's density matrix."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.local.engine.jobs import run, text_of
from tests.local.simulators.deferred import Deferred, dynamic_circuit, programs

pytestmark = pytest.mark.slow

pytest.importorskip("qiskit_aer")


@st.composite
def cases(draw):
    """A number of qubits and a program; some of its qubits are measured at the end."""
    num_qubits = draw(st.integers(2, 3))
    steps = draw(programs(num_qubits))
    final = draw(st.lists(st.integers(0, num_qubits - 1), unique=True, max_size=2))
    return num_qubits, [*steps, *(("measure", q, bit) for bit, q in enumerate(final))]


@pytest.mark.timeout(1200)  # a quarter of a minute of work, also on a busy machine
@given(case=cases())
@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_exact_values_are_those_of_a_density_matrix(engine, case):
    """Resets, measurements anywhere and conditions, on `statevector` and on `aer`, to 1e-9."""
    num_qubits, steps = case
    paulis = ["".join(letters) for letters in itertools.product("IXYZ", repeat=num_qubits)]
    want = Deferred(num_qubits, steps).expectations(paulis)
    pub = [text_of(dynamic_circuit(num_qubits, steps)), paulis, None, 0]
    for backend in ("statevector", "aer"):
        [got] = run(engine, "estimator", [pub], backend)
        assert np.allclose(got.data.evs, want, rtol=0, atol=1e-9)
        assert np.all(got.data.stds == 0)
