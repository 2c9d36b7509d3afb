"""RestBackend: fetches and caches what a device is, and builds its Target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime as DateTime  # noqa: N812 - `datetime` is an argument
from datetime import timezone
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from qiskit.providers import BackendV2, Options

from qiskit_rest_primitives.backend.circuit_runner import CircuitRun, circuit_runner
from qiskit_rest_primitives.backend.entries import is_online
from qiskit_rest_primitives.backend.reports import (
    BackendConfiguration,
    BackendProperties,
    BackendStatus,
    ConfigurationFields,
)
from qiskit_rest_primitives.concurrency.forks import Lock
from qiskit_rest_primitives.errors import BackendError, InputError, NotFoundError
from qiskit_rest_primitives.wire.target.target import decode_target, without_fractional_gates

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qiskit_rest_primitives.http.client import ApiClient

# 4000 shots and the other names are those of the official backend's options.
DEFAULTS_OF_RUN: Final[Mapping[str, Any]] = {
    "shots": 4000,
    "memory": False,
    "meas_level": 2,
    "meas_return": "avg",
    "rep_delay": None,
    "init_qubits": None,
    "noise_model": None,
    "seed_simulator": None,
}


# Qiskit infers None for its abstract members and int for the width: the overrides below that say
# more carry an ignore for pyright.
class RestBackend(ConfigurationFields, BackendV2):
    """A device or simulator of a service; `QiskitRuntimeService.backend` makes it.

    Configuration and properties are fetched on first use and cached until `refresh`. Fields of the
    configuration (``backend.processor_type``, ``backend.n_qubits``, ...) are attributes as well.
    Threads may share a backend; it pickles and copies without the token.

    Args:
        client: speaks to the service.
        name: the backend's name.
        use_fractional_gates: keep ``rx``, ``rzz`` and other parametrised gates in the target.
        list_entry: the backend's entry in ``GET /backends``, if it is at hand.
        calibration_id: one of the service's calibrations, for the target and the jobs.
        service: the `QiskitRuntimeService` that made it.
        keep_alive: an object to keep alive as long as this backend is in use; not pickled.

    >>> device = service.backend("fake_5q")
    >>> from qiskit import transpile
    >>> isa = transpile(bell, device, seed_transpiler=1)
    >>> sum(SamplerV2(device).run([isa], shots=100).result()[0].data.meas.get_counts().values())
    100
    """

    id_warning_issued: ClassVar[bool] = False
    name: str  # never None here
    _options: Any

    def __init__(
        self,
        client: ApiClient,
        name: str,
        *,
        use_fractional_gates: bool | None = False,
        list_entry: Mapping[str, Any] | None = None,
        calibration_id: str | None = None,
        service: Any = None,
        keep_alive: object = None,
    ):
        super().__init__(name=name)
        # BackendV2 sets these to None; without them __getattr__ finds the configuration's.
        for lazy in ("description", "online_date", "backend_version"):
            vars(self).pop(lazy, None)
        # None keeps everything, as in the official client.
        self._options.use_fractional_gates = use_fractional_gates in (True, None)
        self._client = client
        self._calibration_id = calibration_id
        self._service = service
        self._list_entry = dict(list_entry) if list_entry is not None else None
        self._keep_alive = keep_alive
        self._described: dict[str, Any] | None = None
        self._configuration: BackendConfiguration | None = None
        self._properties: BackendProperties | None = None
        self._properties_fetched = False
        self._target: Target | None = None
        self._lock = Lock()

    @classmethod
    def _default_options(cls) -> Options:  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        return Options(use_fractional_gates=False, **DEFAULTS_OF_RUN)

    def __repr__(self) -> str:
        return f"<RestBackend({self.name!r})>"

    def _repr_html_(self) -> str:
        from qiskit_rest_primitives.backend.card import card_of_backend

        # Without the lock, which another thread may hold while it fetches.
        values = {
            "calibration": self._calibration_id,
            "fractional gates": "yes" if self._options.use_fractional_gates else None,
            "service": self._client.url,
        }
        known = self._list_entry, self._configuration, self._properties
        return card_of_backend(self.name, *known, values)

    # Type checkers know the fields; with this method they would accept any name.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Only called when there is no such attribute. Underscores are Python's own questions.
            if name.startswith("_"):
                raise AttributeError(f"'RestBackend' object has no attribute {name!r}")
            try:
                return getattr(self.configuration(), name)
            except AttributeError:
                if name in ("description", "online_date", "backend_version"):
                    return None
                raise AttributeError(
                    f"{self.name} has no attribute {name!r}, nor has its configuration"
                ) from None

    def __getstate__(self) -> dict[str, Any]:
        # A Target is cheap to build again and its form differs between Qiskit releases.
        transient = ("_lock", "_target", "_coupling_map", "_keep_alive")
        return {**vars(self), **dict.fromkeys(transient)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = Lock()

    @property
    def client(self) -> ApiClient:
        """Speaks to the service."""
        return self._client

    @property
    def service(self) -> Any:
        """The `QiskitRuntimeService` that made it; None if it was made from a client."""
        return self._service

    @property
    def calibration_id(self) -> str | None:
        """The calibration that was asked for; None for the newest."""
        return self._calibration_id

    @property
    def is_mock(self) -> bool:
        """Whether it only checks jobs, and answers with random results."""
        return (self._list_entry or {}).get("class") == "mock"

    @property
    def physical_qubits(self) -> int | None:
        """Qubits, reset qubits and couplers together; None if the service does not list them."""
        return (self._list_entry or {}).get("physical_qubits")

    @property
    def qubit_coordinates(self) -> list[list[int]] | None:
        """Row and column of each qubit, for Qiskit's plots; None if the service has none.

        Qiskit knows the devices of some sizes itself, and draws others with
        ``plot_gate_map(backend, qubit_coordinates=backend.qubit_coordinates)``.
        """
        places = getattr(self.configuration(), "coords", None)
        # IBM lists columns and rows, from 1.
        return [[row - 1, column - 1] for column, row in places] if places else None

    def get_translation_stage_plugin(self) -> str:
        """Qiskit's default: the target says all that a transpiler needs to know."""
        return "translator"

    @property
    def target(self) -> Target:  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        """What the device can do, for the transpiler; fetched on first use."""
        with self._lock:
            if self._target is None:
                self._target = self._build_target(self.properties())
            return self._target

    def target_history(self, datetime: DateTime | None = None) -> Target:
        """The target with what was measured at an earlier time; None for now."""
        return self._build_target(self.properties(datetime=datetime))

    def _build_target(self, properties: BackendProperties | None) -> Target:
        target = decode_target(
            self.configuration().to_dict(),
            None if properties is None else properties.to_dict(),
            use_fractional_gates=self._options.use_fractional_gates,
        )
        if target.has_angle_bounds():
            from qiskit_rest_primitives.backend.fold_rzz import teach_transpiler_rzz

            teach_transpiler_rzz()
        return target

    def set_options(self, **fields: Any) -> None:
        """Sets options: the defaults of `run`, and ``use_fractional_gates``, of the target."""
        super().set_options(**fields)
        if "use_fractional_gates" in fields:
            with self._lock:
                self._target = self._coupling_map = self._configuration = None

    def configuration(self) -> BackendConfiguration:
        """The backend's configuration, fetched on first use.

        Without fractional gates it does not list them, as the target doesn't.

        Raises:
            NotFoundError: there is no such backend in this instance.
        """
        with self._lock:
            if self._configuration is None:
                if self._described is None:
                    self._described = self._client.backend_configuration(
                        self.name, self._calibration_id
                    )
                self._configuration = BackendConfiguration(
                    self._described
                    if self._options.use_fractional_gates
                    else without_fractional_gates(self._described)
                )
            return self._configuration

    def properties(
        self, refresh: bool = False, datetime: DateTime | None = None
    ) -> BackendProperties | None:
        """What was measured on the backend; None for simulators and if the service reports none.

        Args:
            refresh: fetch them even if they are cached.
            datetime: return the last properties from before this time, which are not cached; a
                time without a zone is local time.

        Raises:
            TypeError: ``datetime`` is something else.

        >>> device = service.backend("fake_5q")
        >>> 0 < device.properties().readout_error(0) < 0.5, backend.properties()
        (True, None)
        """
        with self._lock:
            if self.simulator:
                return None
            if datetime is not None:
                if not isinstance(cast(object, datetime), DateTime):
                    raise TypeError(f"datetime={datetime!r}: pass a datetime.datetime")
                return self._fetched_properties(datetime)
            if refresh or not self._properties_fetched:
                self._properties = self._fetched_properties()
                self._properties_fetched = True
                self._target = self._coupling_map = None
            return self._properties

    def _fetched_properties(self, before: DateTime | None = None) -> BackendProperties | None:
        moment = None if before is None else before.astimezone(timezone.utc).isoformat()
        try:
            reply = self._client.backend_properties(self.name, self._calibration_id, moment)
        except NotFoundError:
            if self._calibration_id is not None:
                raise
            return None
        return BackendProperties(reply) if reply else None

    def refresh(self) -> None:
        """Fetches configuration and properties again; the target is rebuilt."""
        with self._lock:
            self._described = self._client.backend_configuration(self.name, self._calibration_id)
            self._target = self._coupling_map = self._configuration = None
            self.properties(refresh=True)

    def status(self) -> BackendStatus:
        """Whether it takes jobs, and how many wait; fetched at each call."""
        return BackendStatus.decode(self.name, self._client.backend_status(self.name))

    def check_faulty(self, circuit: QuantumCircuit) -> None:
        """Refuses a circuit that acts on a qubit or an edge that is reported as faulty.

        Raises:
            InputError: it does; the instruction and the place are in the message.
        """
        properties = self.properties()
        if properties is None:
            return
        qubits = set(properties.faulty_qubits())
        places = {tuple(gate.qubits) for gate in properties.faulty_gates()}
        edges = {place for place in places if len(place) > 1}
        for instruction in circuit.data:
            place = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
            if instruction.name == "barrier":
                continue
            faulty = "edge" if place in edges else "qubit" if qubits.intersection(place) else None
            if faulty is not None:
                raise InputError(
                    f"{circuit.name} has {instruction.name} on {place}, where {self.name} reports "
                    f"a faulty {faulty}: transpile it for the backend"
                )

    @property
    def num_qubits(self) -> int | None:  # pyright: ignore[reportIncompatibleMethodOverride] - services may leave it out
        """Number of qubits; None for a simulator of any width."""
        return self.configuration().n_qubits or None

    @property
    def n_qubits(self) -> int | None:
        """Number of qubits; None for a simulator of any width."""
        return self.configuration().n_qubits

    @property
    def simulator(self) -> bool:
        """Whether it is a simulator."""
        if self._configuration is None and self._list_entry is not None:
            known = self._list_entry.get("is_simulator")
            if isinstance(known, bool):
                return known
        return self.configuration().simulator

    @property
    def basis_gates(self) -> list[str]:
        """Names of the gates in the target."""
        from qiskit.circuit import Gate

        target = self.target
        return [
            name
            for name in target.operation_names
            if isinstance(target.operation_from_name(name), Gate)
        ]

    @property
    def dtm(self) -> float | None:  # pyright: ignore[reportIncompatibleMethodOverride] - services may leave it out
        """Resolution of measured signals in seconds; None if the service does not say."""
        return getattr(self.configuration(), "dtm", None)

    @property
    def meas_map(self) -> list[list[int]] | None:  # pyright: ignore[reportIncompatibleMethodOverride] - services may leave it out
        """Qubits that are measured together; None if the service does not say."""
        return getattr(self.configuration(), "meas_map", None)

    @property
    def max_circuits(self) -> None:
        """None: the service limits the size of a job, not the number of circuits."""
        return None

    def run(  # pyright: ignore[reportIncompatibleMethodOverride] - inferred as None in the base
        self,
        run_input: QuantumCircuit | Iterable[QuantumCircuit],
        *,
        shots: int | None = None,
        memory: bool | None = None,
        seed_simulator: int | None = None,
        **options: Any,
    ) -> CircuitRun:
        """Samples circuits and counts their outcomes, as Qiskit's simulators do.

        The job goes through the sampler. What is not given here is taken from `options`:
        ``backend.set_options(shots=100)`` changes the default.

        Args:
            run_input: a circuit or several, with values for all parameters; for a device,
                transpiled.
            shots: of each circuit; 4000 unless given.
            memory: whether the result lists the outcome of each shot.
            seed_simulator: seed of the simulated shots.
            options: ``noise_model``, ``init_qubits``, ``rep_delay`` (seconds), ``job_tags``, and
                ``meas_level``, which can only be 2.

        Returns:
            A `CircuitJob`, which is a Qiskit job; its `Result` has an entry for each circuit, in
            order. An outcome has spaces between registers if they are all the bits of the circuit
            one after the other.

        Raises:
            EncodeError: a circuit has parameters without values or can't be sent.
            OptionsError: an option's value.

        Warns:
            UserWarning: names options that nothing acts on.

        >>> result = backend.run([bell, bell], shots=100, seed_simulator=7).result()
        >>> sorted(result.get_counts(0).items())
        [('00', 50), ('11', 50)]
        """
        named = {"shots": shots, "memory": memory, "seed_simulator": seed_simulator, **options}
        given = {name: value for name, value in named.items() if value is not None}
        defaults = {name: self._options.get(name) for name in DEFAULTS_OF_RUN}
        return circuit_runner()(self, run_input, {**defaults, **given})


def is_own_object(backend: RestBackend) -> bool:
    """Whether it is a Qiskit backend of this process, behind the embedded service."""
    return vars(backend)["_keep_alive"] is not None


def known_calibration(backend: RestBackend) -> DateTime | None:
    """When what is in memory of the backend was measured; None if nothing is. No I/O."""
    properties: BackendProperties | None = vars(backend)["_properties"]
    return None if properties is None else properties.last_update_date


def note_entry(backend: RestBackend, list_entry: Mapping[str, Any]) -> None:
    """Records the backend's newest entry in ``GET /backends``."""
    vars(backend)["_list_entry"] = dict(list_entry)


def check_takes_jobs(backend: RestBackend) -> None:
    """Refuses a submission to a backend that was listed as offline and still is.

    Raises:
        BackendError: it takes no jobs.
    """
    entry: Mapping[str, Any] | None = vars(backend)["_list_entry"]
    if entry is None or "status" not in entry:
        return
    if is_online(entry) or backend.status().operational:
        return
    raise BackendError(
        f"{backend.name} is not accepting jobs: see backend.status(), or choose another backend "
        "with service.least_busy()"
    )
