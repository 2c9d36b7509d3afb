"""The engine that most tests of simulators run on."""

from __future__ import annotations

import pytest

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.jobs import OneThread


@pytest.fixture(scope="module")
def engine():
    """An engine that runs everything in this process."""
    with OneThread() as executor:
        engine = Engine(LocalBackends(), executor)
        yield engine
        engine.close()
