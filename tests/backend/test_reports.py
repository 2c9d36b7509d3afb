from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from dateutil.parser import isoparse
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_rest_primitives.backend import (
    BackendConfiguration,
    BackendProperties,
    BackendStatus,
    filter_backends,
    least_busy_entry,
    select_backends,
)
from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.wire.target.target import encode_target
from tests.wire.target.test_target import recorded


@pytest.fixture
def properties() -> dict[str, Any]:
    """The properties of a device with a faulty qubit and a faulty gate."""
    target = GenericBackendV2(3, ["sx", "cz"], coupling_map=[[0, 1], [1, 2]], seed=5).target
    return encode_target(target, name="d", faulty_qubits=[2], faulty_gates=[("cz", (0, 1))])[1]


@pytest.mark.parametrize("name", ["torino", "fractional"])
def test_properties_agree_with_the_official_clients(name: str) -> None:
    """Every value of every qubit and gate, in SI units, with its date."""
    _, reply = recorded(name)
    from qiskit_ibm_runtime.models import BackendProperties as Official

    theirs, ours = Official.from_dict(reply), BackendProperties(reply)

    def dated(row: dict[str, tuple[float, str]]) -> dict[str, tuple[float, datetime]]:
        return {name: (value, isoparse(date)) for name, (value, date) in row.items()}

    for qubit in range(len(reply["qubits"])):
        assert ours.qubit_property(qubit) == dated(theirs.qubit_property(qubit))
        assert ours.t1(qubit) == theirs.t1(qubit)
        assert ours.t2(qubit) == theirs.t2(qubit)
        assert ours.readout_error(qubit) == theirs.readout_error(qubit)
        assert ours.readout_length(qubit) == theirs.readout_length(qubit)
    for gate in reply["gates"]:
        place = (gate["gate"], gate["qubits"])
        assert ours.gate_length(*place) == theirs.gate_length(*place)
        assert ours.gate_property(*place) == dated(theirs.gate_property(*place))
    assert ours.last_update_date == theirs.last_update_date
    assert (ours.backend_name, ours.backend_version) == (
        theirs.backend_name,
        theirs.backend_version,
    )


@pytest.mark.parametrize("name", ["torino", "fractional"])
def test_configuration_agrees_with_the_official_clients(name: str) -> None:
    """Every field, times in seconds and frequencies in Hz."""
    reply, _ = recorded(name)
    from qiskit_ibm_runtime.models import QasmBackendConfiguration as Official

    theirs, ours = Official.from_dict(reply), BackendConfiguration(reply)
    for field in reply.keys() - {"gates", "online_date", "n_registers"}:
        assert getattr(ours, field) == getattr(theirs, field), field
    assert [vars(gate) for gate in ours.gates] == [gate.to_dict() for gate in theirs.gates]
    assert isinstance(ours.online_date, datetime)
    assert ours.num_qubits == theirs.num_qubits
    assert ours.to_dict() == reply


def test_configuration_behaves_like_an_object() -> None:
    """Unknown fields are attribute errors; ``in`` and ``dir`` know the others."""
    one = BackendConfiguration({"backend_name": "d", "num_qubits": 3, "online_date": "soon"})
    assert "num_qubits" in one
    assert "backend_name" in dir(one)
    assert one.online_date is None
    assert one == BackendConfiguration(one.to_dict())
    assert repr(one) == "BackendConfiguration('d')"
    with pytest.raises(AttributeError, match="no field 'colour'"):
        _ = one.colour
    with pytest.raises(TypeError):
        hash(one)


def test_faulty_qubits_and_gates_are_reported(properties: dict[str, Any]) -> None:
    """Under the official names."""
    view = BackendProperties(properties)
    assert view.faulty_qubits() == [2]
    (gate,) = view.faulty_gates()
    assert (gate.gate, gate.qubits) == ("cz", [0, 1])
    assert not view.is_qubit_operational(2)
    assert view.is_qubit_operational(0)
    assert not view.is_gate_operational("cz", (0, 1))
    assert view.is_gate_operational("sx", 0)


def test_a_missing_value_is_named(properties: dict[str, Any]) -> None:
    """The message lists the values that exist."""
    view = BackendProperties(properties)
    with pytest.raises(BackendError, match="d reports no T1 of qubit 9; it reports nothing"):
        view.t1(9)
    with pytest.raises(BackendError, match=r"no colour of qubit 0; it reports T1, T2"):
        view.qubit_property(0, "colour")
    with pytest.raises(BackendError, match=r"no gate_error of ecr on \(0,\)"):
        view.gate_error("ecr", 0)
    assert set(view.gate_property("sx")) == {(0,), (1,), (2,)}
    assert view.frequency(0) > 1e9
    assert view.gate_error("sx", 0) > 0
    assert view == BackendProperties(view.to_dict())
    assert "BackendProperties('d'" in repr(view)


@pytest.mark.parametrize(
    "reply", [{}, {"state": None, "length_queue": -1}, {"status": None, "backend_version": None}]
)
def test_status_with_fields_missing(reply: dict[str, Any]) -> None:
    """As the official client reads it."""
    assert BackendStatus.decode("d", reply) == BackendStatus("d", "0.0.0", False, 0, "")


def entry(name: str, qubits: int | None = 5, queue: int = 0, **fields: Any) -> dict[str, Any]:
    """An entry of ``GET /backends``."""
    return {
        "name": name,
        "qubits": qubits,
        "queue_length": queue,
        "status": {"name": "online"},
        "is_simulator": False,
    } | fields


ENTRIES = [
    entry("small", 5, 9),
    entry("big", 127, 4),
    entry("off", 127, 0, status={"name": "offline"}),
    entry("text", 27, 7, status="active"),
    entry("sim", None, 2, is_simulator=True),
    entry("mock", 127, 0, **{"class": "mock"}),
    entry("unknown", None, 8),
]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, "small big off text sim unknown"),
        ({"include_mocks": True}, "small big off text sim mock unknown"),
        ({"name": "big"}, "big"),
        ({"name": "none"}, ""),
        ({"min_num_qubits": 20}, "big off text sim"),
        ({"operational": True}, "small big text sim unknown"),
        ({"operational": False}, "off"),
        ({"simulator": True}, "sim"),
        ({"simulator": False, "min_num_qubits": 100}, "big off"),
    ],
)
def test_backends_are_selected_from_the_list(criteria: dict[str, Any], expected: str) -> None:
    """In the service's order, without requests for single backends."""
    found = select_backends(ENTRIES, **criteria)
    assert [item["name"] for item in found] == expected.split()


def test_least_busy_has_the_shortest_queue_of_those_online() -> None:
    """An offline backend with an empty queue is not chosen."""
    assert least_busy_entry(select_backends(ENTRIES))["name"] == "sim"
    assert least_busy_entry(select_backends(ENTRIES, simulator=False))["name"] == "big"


def test_least_busy_without_a_match_says_why() -> None:
    """The error names the states of the matching backends, or says that none matches."""
    with pytest.raises(BackendError, match="off is offline"):
        least_busy_entry([ENTRIES[2]])
    with pytest.raises(BackendError, match="no operational backend matches; relax"):
        least_busy_entry([])


class Device:
    """A backend without a service."""

    def __init__(self, **configuration: Any):
        self.name = configuration["backend_name"]
        self._configuration = BackendConfiguration(configuration)

    def configuration(self) -> BackendConfiguration:
        """What it is."""
        return self._configuration

    def status(self) -> BackendStatus:
        """Whether it takes jobs."""
        return BackendStatus(self.name, "1.0.0", self.name != "b", 0, "active")


DEVICES: Any = [Device(backend_name="a", local=False), Device(backend_name="b", local=True)]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, "a b"),
        ({"local": True}, "b"),
        ({"operational": True}, "a"),
        ({"operational": True, "local": True}, ""),
        ({"filters": lambda backend: backend.name > "a"}, "b"),
    ],
)
def test_filter_by_fields_of_configuration_and_status(
    criteria: dict[str, Any], expected: str
) -> None:
    """As ``service.backends(simulator=False, filters=...)`` does in the official client."""
    assert [device.name for device in filter_backends(DEVICES, **criteria)] == expected.split()


def test_filter_by_an_unknown_field_is_refused() -> None:
    """A typing error must not give an empty list."""
    with pytest.raises(BackendError, match="no backend has the field colour"):
        filter_backends(DEVICES, colour="red")
    assert filter_backends([], colour="red") == []
