"""What can't be served says so when it is handed in, and what can is described as it is."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Measure, Parameter
from qiskit.circuit.library import CXGate, RZGate, RZZGate, SXGate
from qiskit.providers import BackendV2
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import Target

from qiskit_rest_primitives import SamplerV2
from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.target.target import decode_target
from tests.local.simulators.odd_backends import OddBackend, result_of

PAIR = {(0, 1): None, (1, 0): None}
EACH = {(0,): None, (1,): None}


def odd(target: Any) -> OddBackend:
    """A backend with this target."""
    return OddBackend(lambda circuits, shots: None, target)


def device_target(*gates: Gate, measures: bool = True) -> Target:
    """A device of two qubits with these gates between them."""
    target = Target(num_qubits=2)
    for gate in (SXGate(), RZGate(Parameter("t")), *([Measure()] if measures else [])):
        target.add_instruction(gate, dict(EACH))
    for gate in gates:
        target.add_instruction(gate, dict(PAIR))
    return target


class Untargeted(OddBackend):
    """Its target is not there, or can't be read."""

    def __init__(self, error: Exception | None):
        super().__init__(lambda circuits, shots: None, name="untargeted")
        self.error = error

    @property
    def target(self) -> Any:
        """None, or an error."""
        if self.error is not None:
            raise self.error


class BackendV1Like:
    """What older providers have."""

    version = 1
    name = "old"


NO_GATES = Target(num_qubits=2)
NO_QUBITS = Target(num_qubits=0)
ONLY_THEIRS = Target(num_qubits=2)
ONLY_THEIRS.add_instruction(Gate("gpi", 1, [Parameter("a")]), dict(EACH))
ONLY_THEIRS.add_instruction(Gate("ms", 2, []), dict(PAIR))

REFUSED: dict[str, tuple[Any, str]] = {
    "no target": (Untargeted(None), "'untargeted' has no target"),
    "target raises": (Untargeted(OSError("no net")), "its target raised OSError: no net"),
    "no qubits": (odd(NO_QUBITS), "'odd' has 0 qubits"),
    "no gates": (odd(NO_GATES), "'odd' has no gate that can be sent to it: OpenQASM 3"),
    "unknown gates": (odd(ONLY_THEIRS), "no gate that can be sent to it; it has gpi, ms"),
    "a BackendV1": (BackendV1Like(), "BackendV1Like is not a BackendV2 of Qiskit"),
    "a name": ("aer_simulator", "str is not a BackendV2"),
    "a class": (GenericBackendV2, "pass an object, not its class"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_can_not_be_served_says_so_at_once(kind: str) -> None:
    """The service is not even started."""
    backend, reason = REFUSED[kind]
    with pytest.raises(BackendError, match=reason):
        LocalService(backends=[backend])


def test_gates_that_only_the_device_knows_are_left_out_with_a_warning() -> None:
    """They are named, and the target that clients get has the others."""
    target = device_target(CXGate(), Gate("magic", 2, []))
    with pytest.warns(UserWarning, match="backend odd: its instructions magic can't be sent"):
        added = LocalBackends().add(odd(target))
    assert set(added.configuration()["basis_gates"]) == {"sx", "rz", "cx"}


def test_a_device_that_does_not_list_its_measurement_measures() -> None:
    """Some vendors leave it out; clients assume it, and so does the check of circuits here."""
    backend = odd(device_target(CXGate(), measures=False))
    backend.answer = lambda circuits, shots: result_of({"counts": {"0x2": shots}})
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1)
    circuit.measure_all()
    result = SamplerV2(mode=backend).run([circuit], shots=10).result()
    assert result[0].data.meas.get_counts() == {"10": 10}


def test_a_simulator_of_any_width_has_a_width_for_clients() -> None:
    """Qiskit's simulator of 24 qubits says none."""
    added = LocalBackends().add(BasicSimulator())
    assert BasicSimulator().target.num_qubits is None
    assert added.list_entry(0)["qubits"] == 30
    assert added.is_simulator


def test_rzz_of_another_vendor_takes_any_angle() -> None:
    """Only a target with bounds is described like IBM's devices, whose clients assume them."""
    bounded = device_target()
    angle = Parameter("t")
    bounded.add_instruction(RZZGate(angle), dict(PAIR), angle_bounds=[(0, 1.5)])
    backends = LocalBackends()
    free = backends.add(odd(device_target(RZZGate(angle))))
    own = odd(bounded)
    limited = backends.add(own)
    assert free.configuration()["angle_bounds"] == {}
    assert "angle_bounds" not in limited.configuration()
    seen = [decode_target(each.configuration(), None) for each in (free, limited)]
    assert [target.gate_has_angle_bounds("rzz") for target in seen] == [False, True]


def test_names_are_unique_and_stay() -> None:
    """A second object of a name gets a number; the same object keeps its name."""
    backends = LocalBackends()
    first, second = GenericBackendV2(3), GenericBackendV2(3)
    names = [backends.add(backend) for backend in (first, second, first)]
    assert [added.name for added in names] == [
        "generic_backend_3q",
        "generic_backend_3q-2",
        "generic_backend_3q",
    ]
    assert backends.names()[-2:] == ["generic_backend_3q", "generic_backend_3q-2"]


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("statevector", "statevector-2"),
        ("fake_9q", "fake_9q-2"),
        ("EMU:6Q/CATS (noisy)", "EMU_6Q_CATS_noisy"),
    ],
)
def test_names_fit_into_a_path_and_hide_no_built_in_backend(name: str, served: str) -> None:
    """Letters that have a meaning in a URL are replaced."""
    added = LocalBackends().add(OddBackend(lambda circuits, shots: None, name=name))
    assert added.name == served


def test_an_unreferenced_backend_is_no_longer_served() -> None:
    """A program may make any number of backends: none is kept for it."""
    backends = LocalBackends()
    backend = GenericBackendV2(3)
    added = backends.add(backend)
    name = added.name
    assert backends.device(name) is added
    del added
    gc.collect()
    assert name not in backends.names()
    with pytest.raises(KeyError):
        backends.device(name)
    again = backends.add(backend)
    assert again.name == name


def test_a_backend_is_forgotten_with_its_user() -> None:
    """Nothing here keeps a simulator in memory."""
    alive: list[str] = []

    class Watched(GenericBackendV2):
        def __del__(self) -> None:
            alive.remove(self.name)

    def use(backends: LocalBackends) -> None:
        backend: BackendV2 = Watched(3)
        alive.append(backend.name)
        backends.add(backend).configuration()

    backends = LocalBackends()
    for _ in range(3):
        use(backends)
    gc.collect()
    assert alive == []
    assert "generic_backend_3q" not in backends.names()
