"""The lattices of the simulated devices beside IBM's own devices of the same size.

Needs the extra [conformance]; tests/local/conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

import pytest
from qiskit_ibm_runtime import fake_provider

from qiskit_rest_primitives.local.simulators.devices.lattices import edges_of, places_of

# FakeWashington lacks two edges of its lattice; those of FakeSherbrooke have one direction.
DEVICES = {
    5: "FakeQuitoV2",
    7: "FakeLagosV2",
    15: "FakeMelbourneV2",
    16: "FakeGuadalupeV2",
    20: "FakeJohannesburgV2",
    27: "FakeKolkataV2",
    28: "FakeCambridgeV2",
    53: "FakeRochesterV2",
    65: "FakeBrooklynV2",
    127: "FakeSherbrooke",
    133: "FakeTorino",
    156: "FakeMarrakesh",
}


@pytest.mark.slow
@pytest.mark.parametrize("size", DEVICES)
def test_neighbours_are_those_of_ibms_device(size: int) -> None:
    """The same pairs of the same numbers."""
    device = getattr(fake_provider, DEVICES[size])()
    assert device.num_qubits == size
    assert {tuple(sorted(edge)) for edge in device.coupling_map} == set(edges_of(size))


@pytest.mark.parametrize("size", [127, 133, 156])
def test_coordinates_are_those_of_ibms_device(size: int) -> None:
    """Columns and rows, from 1."""
    configuration = getattr(fake_provider, DEVICES[size])().configuration()
    assert configuration.coords == [[column + 1, row + 1] for row, column in places_of(size)]
