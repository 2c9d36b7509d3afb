"""The backends of the embedded service, by name, and what they say about themselves."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from qiskit_rest_primitives.local.simulators.base.cost_model import MAX_AER_SHOTS
from qiskit_rest_primitives.local.simulators.choose.common_steps import aer_is_installed
from qiskit_rest_primitives.local.simulators.choose.for_aer import prepare_aer
from qiskit_rest_primitives.local.simulators.choose.for_device import prepare_device
from qiskit_rest_primitives.local.simulators.choose.for_foreign import prepare_foreign
from qiskit_rest_primitives.local.simulators.choose.for_statevector import prepare_statevector
from qiskit_rest_primitives.local.simulators.devices.calibration_days import day_before, day_of
from qiskit_rest_primitives.local.simulators.devices.fake_devices import (
    LISTED,
    FakeDevice,
    check_noise,
    device_name,
    device_size,
    simulator_target,
)
from qiskit_rest_primitives.local.simulators.devices.official_fakes import official_fake
from qiskit_rest_primitives.local.simulators.foreign.backend import DEVICE_SHOTS, examine
from qiskit_rest_primitives.local.simulators.mocks import mock_name, prepare_mock
from qiskit_rest_primitives.mitigation.base.device_time import DeviceTime
from qiskit_rest_primitives.wire.target.target import encode_target

if TYPE_CHECKING:
    from datetime import date

    from qiskit.circuit import QuantumCircuit
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.local.simulators.base.setup import Setup
    from qiskit_rest_primitives.local.simulators.base.simulator import Wanted
    from qiskit_rest_primitives.local.simulators.foreign.backend import ForeignBackend
    from qiskit_rest_primitives.local.simulators.options_acted_on import Requested

AER_METHODS = ("statevector", "density_matrix", "stabilizer", "matrix_product_state")
SIMULATOR_QUBITS = 30
_VERSION = "1.0.0"
_ONLINE_SINCE = "2026-01-01T00:00:00+00:00"


class LocalBackend:
    """One backend with one calibration: what it is to the API, and how it runs a PUB.

    Attributes:
        name: as in GET /backends.
        num_qubits: width of the circuits it takes.
        max_shots: most shots of a circuit.
        is_simulator: whether any circuit goes, or only what a device can do.
        on_aer: whether it acts on options for the simulator other than the seed.
        takes_seed: whether it acts on a seed.
        takes_noise: whether it acts on a noise model though it is not `on_aer`.
        is_noisy: whether it has errors of its own, which mitigation acts on.
        default_level: resilience level of an estimator's job that sets none; 0 for backends that
            were handed in, as in the official client's local mode.
        own_thread: whether its jobs run one after another in a thread of this process: a backend
            that was handed in and that no other process can have. It may be slow, and hang.
        prepare: decides how to run a PUB: circuit, number of the PUB, options, what is wanted ->
            Setup; raises RefusedError for what the backend can't run.
        described: arguments of `encode_target` that only this backend has.
        is_mock: whether it only checks jobs, and charges nothing for them.
    """

    def __init__(
        self,
        name: str,
        num_qubits: int,
        target: Callable[[], Target],
        prepare: Callable[[QuantumCircuit, int, Requested, Wanted], Setup],
        *,
        max_shots: int,
        is_simulator: bool,
        on_aer: bool,
        takes_seed: bool = True,
        takes_noise: bool = False,
        is_noisy: bool = False,
        default_level: int = 1,
        own_thread: bool = False,
        processor_family: str | None = None,
        version: str = _VERSION,
        described: Callable[[], Mapping[str, Any]] = dict,
        is_mock: bool = False,
    ):
        self.name = name
        self.num_qubits = num_qubits
        self.max_shots = max_shots
        self.is_simulator = is_simulator
        self.on_aer = on_aer
        self.takes_seed = takes_seed
        self.takes_noise = takes_noise
        self.is_noisy = is_noisy
        self.default_level = default_level
        self.own_thread = own_thread
        self._target = target
        self.prepare = prepare
        self._processor_family = processor_family
        self._version = version
        self._described = described
        self.is_mock = is_mock
        self._encoded: tuple[dict[str, Any], dict[str, Any]] | None = None

    @property
    def target(self) -> Target:
        """What it can do."""
        return self._target()

    @cached_property
    def mock(self) -> LocalBackend:
        """What checks jobs for it: it has no reference to this backend, which may be dropped."""
        return LocalBackend(
            mock_name(self.name),
            self.num_qubits,
            self._target,
            partial(prepare_mock, None if self.is_simulator else self._target),
            max_shots=self.max_shots,
            is_simulator=self.is_simulator,
            on_aer=self.on_aer,
            takes_noise=self.takes_noise,
            is_noisy=self.is_noisy,
            default_level=self.default_level,
            processor_family=self._processor_family,
            version=self._version,
            described=self._described,
            is_mock=True,
        )

    @property
    def has_durations(self) -> bool:
        """Whether it knows how many dt its instructions take."""
        return self.clock() is not None and self.target.dt is not None

    def clock(
        self, rep_delay_seconds: float | None = None, init_qubits: bool | None = None
    ) -> DeviceTime | None:
        """What tells how long a job holds the device, see `DeviceTime.of`; None for simulators."""
        if self.is_simulator:
            return None
        microseconds = self.configuration().get("default_rep_delay")
        default = None if microseconds is None else microseconds * 1e-6
        return DeviceTime.of(self.target, default, rep_delay_seconds, init_qubits)

    def list_entry(self, queue_length: int) -> dict[str, Any]:
        """Its object in GET /backends."""
        return {
            "name": self.name,
            **({"class": "mock"} if self.is_mock else {}),
            "status": {"name": "online", "reason": "available"},
            "queue_length": queue_length,
            "is_simulator": self.is_simulator,
            "qubits": self.num_qubits,
            "physical_qubits": self.num_qubits,
            "clops": None,
            "processor_type": self._processor_type(),
            "performance_metrics": None if self.is_simulator else self._performance,
            "wait_time_seconds": None,
        }

    def status(self, queue_length: int) -> dict[str, Any]:
        """Body of GET /backends/{id}/status."""
        return {
            "state": True,
            "status": "active",
            "message": "available",
            "length_queue": queue_length,
            "backend_version": self._version,
        }

    def configuration(self) -> dict[str, Any]:
        """Body of GET /backends/{id}/configuration."""
        return self._description()[0]

    def properties(self) -> dict[str, Any]:
        """Body of GET /backends/{id}/properties."""
        return self._description()[1]

    def _description(self) -> tuple[dict[str, Any], dict[str, Any]]:
        if self._encoded is None:
            arguments: dict[str, Any] = {"target": self._target(), **self._described()}
            self._encoded = encode_target(
                **arguments,
                name=self.name,
                version=self._version,
                simulator=self.is_simulator,
                processor_type=self._processor_type(),
                description=arguments["target"].description or "",
                online_date=_ONLINE_SINCE,
                max_shots=self.max_shots,
            )
            if self.default_level != 1:
                # Clients estimate what a job takes by the level that it will have.
                self._encoded[0]["default_resilience_level"] = self.default_level
        return self._encoded

    def _processor_type(self) -> dict[str, Any] | None:
        if self._processor_family is None:
            return None
        return {"family": self._processor_family, "revision": "1.0", "segment": None}

    @cached_property
    def _performance(self) -> dict[str, dict[str, Any]] | None:
        target = self._target()
        two_qubit = _errors(target, 2)
        readout = _errors(target, 1, "measure")
        if not two_qubit or not readout:
            return None
        values = {
            "two_q_error_best": min(two_qubit),
            "two_q_error_layered": np.mean(two_qubit),
            "two_q_error_median": np.median(two_qubit),
            "readout_error_median": np.median(readout),
        }
        return {name: {"value": float(value), "unit": ""} for name, value in values.items()}


def _errors(target: Target, num_qubits: int, name: str | None = None) -> list[float]:
    """Known errors of the gates on so many qubits, or of one instruction."""
    return [
        properties.error
        for operation in ([name] if name else target.operation_names)
        if operation in target.operation_names
        for qubits, properties in target[operation].items()
        if qubits is not None and len(qubits) == num_qubits
        if properties is not None and properties.error is not None
    ]


class LocalBackends:
    """All backends of one service.

    `statevector`, Aer's methods, devices of any listed size, the fake devices of qiskit_ibm_runtime
    where that is installed, and what was added.

    Args:
        noise: factors of the noise of devices, by name; these devices are listed as well.

    Raises:
        ValueError: a factor, or a name that is no such device's.
    """

    def __init__(self, noise: Mapping[str, float] | None = None) -> None:
        self._noise = dict(noise or {})
        for name, factor in self._noise.items():
            check_noise(name, factor)
        self._made: dict[str, LocalBackend] = {}
        self._lock = threading.RLock()
        # An object keeps its name as long as it lives, and is served as long as somebody holds what
        # `add` returned: a program may make any number of simulators, one after another.
        self._names: WeakValueDictionary[str, BackendV2] = WeakValueDictionary()
        self._added: WeakValueDictionary[str, LocalBackend] = WeakValueDictionary()

    def names(self) -> list[str]:
        """The names in GET /backends.

        `device` knows every ``fake_<n>q`` beside them, and qiskit_ibm_runtime's fake devices.
        """
        aer = ["aer", *(f"aer_{method}" for method in AER_METHODS)] if aer_is_installed() else []
        devices = dict.fromkeys([*(device_name(size) for size in LISTED), *self._noise])
        built_in = ["statevector", *aer, *devices]
        with self._lock:
            return [*built_in, *sorted(self._added)]

    def listed(self) -> list[LocalBackend]:
        """The backends in GET /backends."""
        found: list[LocalBackend] = []
        for name in self.names():
            with suppress(KeyError):  # nobody holds it any more
                found.append(self.device(name))
        return found

    def mocks(self) -> list[LocalBackend]:
        """The mocks of these backends; of those that would share a name, none but ``mock``."""
        found: dict[str, list[LocalBackend]] = {}
        for backend in self.listed():
            found.setdefault(mock_name(backend.name), []).append(backend)
        # Every simulator without a word after its name takes the same circuits.
        return [of[0].mock for name, of in found.items() if len(of) == 1 or name == "mock"]

    def _mock(self, name: str, calibration_id: str | None) -> LocalBackend:
        fake = f"fake_{name.removeprefix('mock_')}"
        if device_size(fake) is not None:
            return self.device(fake, calibration_id).mock
        for mock in self.mocks():
            if mock.name == name:
                return mock
        return self.device(fake, calibration_id).mock

    def add(self, backend: BackendV2) -> LocalBackend:
        """Serves a backend for as long as the caller holds what this returns.

        Args:
            backend: any one of Qiskit or a vendor. The same object again has the same name; of two
                objects with one name, the second becomes ``name-2``.

        Raises:
            BackendError: it can't be served; says why.
        """
        source = examine(backend)
        with self._lock:
            known = next((name for name, of in self._names.items() if of is backend), None)
            name = known or self._free_name(source.name)
            added = self._added.get(name)
            if added is None:
                _warn_of_left_out(source)
                added = _foreign(source, name, default_level=0)
                self._names[name] = backend
                self._added[name] = added
            return added

    def _free_name(self, wanted: str) -> str:
        taken = {*self.names(), *self._made, *self._names}
        names = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
        return next(name for name in names if name not in taken and device_size(name) is None)

    def device(self, name: str, calibration_id: str | None = None) -> LocalBackend:
        """The backend of that name.

        Args:
            name: as in GET /backends.
            calibration_id: of a device: the day, as ``2026-01-31``; today when left out.

        Raises:
            KeyError: no such backend or calibration; says how to name one.
        """
        if (size := device_size(name)) is not None:
            return self._fake(name, size, day_of(calibration_id))
        if name.partition("_")[0] == "mock" and name not in self._added:
            return self._mock(name, calibration_id)
        if calibration_id is not None:
            self.device(name)
            raise KeyError(f"{name} has one calibration: leave calibration_id out.")
        added = self._added.get(name)
        if added is not None:
            return added
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def calibrated_before(self, name: str, seconds: float) -> LocalBackend:
        """A backend with its last calibration up to a time, or else with its first one.

        Args:
            name: the backend.
            seconds: the time, since the epoch.

        Raises:
            KeyError: no such backend.
        """
        size = device_size(name)
        if size is None:
            return self.device(name)
        return self._fake(name, size, day_before(seconds))

    def _fake(self, name: str, size: int, day: date) -> LocalBackend:
        return _of_fake(FakeDevice(size, day, self._noise.get(name, 1.0)))

    def _make(self, name: str) -> LocalBackend:
        if (fake := official_fake(name)) is not None:
            return _foreign(examine(fake), name, default_level=1)
        if name not in self.names():
            raise KeyError(name)
        prepare = prepare_statevector
        if name != "statevector":
            method = name.removeprefix("aer").removeprefix("_") or "automatic"
            prepare = partial(prepare_aer, method)
        return LocalBackend(
            name,
            SIMULATOR_QUBITS,
            lambda: simulator_target(SIMULATOR_QUBITS),
            prepare,
            max_shots=MAX_AER_SHOTS,
            is_simulator=True,
            on_aer=name != "statevector",
        )


# As many days of as many devices are kept; a job keeps its own.
@lru_cache(maxsize=64)
def _of_fake(fake: FakeDevice) -> LocalBackend:
    return LocalBackend(
        fake.name,
        fake.num_qubits,
        lambda: fake.calibration.target,
        partial(prepare_device, fake),
        max_shots=DEVICE_SHOTS,
        is_simulator=False,
        on_aer=False,
        is_noisy=True,
        processor_family="Fake",
        described=fake.description,
    )


def _foreign(source: ForeignBackend, name: str, *, default_level: int) -> LocalBackend:
    source = replace(source, name=name)
    return LocalBackend(
        name,
        source.num_qubits,
        lambda: source.described,
        partial(prepare_foreign, source),
        max_shots=source.max_shots,
        is_simulator=source.is_simulator,
        on_aer=False,
        takes_seed=source.takes_seed,
        takes_noise=source.takes_noise,
        is_noisy=source.is_noisy,
        default_level=default_level,
        own_thread=not source.pickles,
        version=source.version,
        # Without this, clients take it for one of IBM's devices: angles of rzz from 0 to π/2.
        described=lambda: {"extra": None if source.bounds_rzz else {"angle_bounds": {}}},
    )


def _warn_of_left_out(source: ForeignBackend) -> None:
    if source.left_out:
        warnings.warn(
            f"backend {source.name}: its instructions {', '.join(source.left_out)} can't be sent, "
            "since they are not standard gates of Qiskit; they are left out of its target, and "
            "transpiled circuits use the others",
            stacklevel=3,
        )
