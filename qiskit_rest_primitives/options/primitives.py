"""The options of each primitive, and their way into a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, cast

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.execution import (
    DynamicalDecouplingOptions,
    EnvironmentOptions,
    ExecutionOptionsV2,
    SamplerExecutionOptionsV2,
    SimulatorOptions,
    TwirlingOptions,
)
from qiskit_rest_primitives.options.fields import Bool, Integer, Option, Real, Seed
from qiskit_rest_primitives.options.group import Group, OptionGroup
from qiskit_rest_primitives.options.resilience import ResilienceOptionsV2
from qiskit_rest_primitives.options.unset import is_unset
from qiskit_rest_primitives.wire.limits import MAX_COST_SECONDS
from qiskit_rest_primitives.wire.shots import (
    SERVICE_PRECISION,
    SERVICE_SHOTS,
    Randomizations,
    estimator_precision,
    sampler_shots,
)

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

OptionsT = TypeVar("OptionsT", bound="PrimitiveOptions")


class OptionsOnWire(NamedTuple):
    """What was set, as JSON-able objects.

    Attributes:
        params: beside ``pubs`` in the job's ``params``: ``options`` and ``resilience_level``.
        job: beside ``params``: ``tags``, ``log_level``, ``private``, ``cost`` (s), ``runtime``.
    """

    params: dict[str, Any]
    job: dict[str, Any]


class Experimental(Option[dict[str, Any]]):
    """Options that are not documented: sent as they are."""

    kind = "a dict"

    def _check(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            self.refuse(value)
        return dict(cast("Mapping[str, Any]", value))

    def _encode(self, value: Any) -> Any:
        from qiskit_rest_primitives.options.encoding import encode_value

        return encode_value(value, self.path)


class PrimitiveOptions(OptionGroup):
    """What the options of all primitives have."""

    program_id: ClassVar[str] = ""

    environment = Group(EnvironmentOptions)
    simulator = Group(SimulatorOptions)
    dynamical_decoupling = Group(DynamicalDecouplingOptions)
    twirling = Group(TwirlingOptions)
    max_execution_time = Integer(
        "Longest time the job may hold the device, in seconds; the job is then cancelled. "
        "Simulators count "
        "wall-clock time.",
        at_least=0,
        at_most=MAX_COST_SECONDS,
        default="the plan's maximum",
    )
    experimental = Experimental(
        "Options that are not documented, sent unchecked. Groups of known names are merged into "
        "these, such as {'execution': {'scheduler_timing': True}}; image chooses the runtime "
        "image.",
        default="none",
    )
    isa_check = Bool(
        "Whether circuits for a device are checked against its target before they are sent.",
        default="True",
        reads_as=True,
        sent=False,
    )
    split = Bool(
        "Whether a run that is too large for one job is cut into several.",
        default="False",
        reads_as=False,
        sent=False,
    )

    @classmethod
    def coerce(cls: type[OptionsT], options: OptionsT | Mapping[str, Any] | None) -> OptionsT:
        """Makes options of what a primitive's constructor takes.

        Args:
            options: None, a nested dict, or options of this class. As in the official client, the
                latter are copied, but the groups within are shared with the caller's object.

        Raises:
            OptionsError: unknown name, wrong type, out of range, or options of another primitive.
        """
        if options is None:
            return cls()
        if isinstance(options, cls):
            made = cls()
            made.settings.update(options.settings)
            return made
        if isinstance(options, Mapping):
            return cls.from_mapping(options)
        raise OptionsError(f"options are a dict or {cls.__name__}, not {type(options).__name__}")

    def to_wire(self) -> OptionsOnWire:
        """Writes what was set; a numpy.random.Generator gives a new seed on each call.

        Raises:
            OptionsError: see :meth:`validate`.
        """
        self.validate()
        written = self.encode()
        job = self._job(written)
        params: dict[str, Any] = {}
        if "resilience_level" in written:
            params["resilience_level"] = written.pop("resilience_level")
        experimental = written.pop("experimental", {})
        if "image" in experimental:
            job["runtime"] = experimental.pop("image")
        for name in [name for name in experimental if name in (*self.options, *self.groups)]:
            _merge(written, name, experimental.pop(name))
        if experimental:
            written["experimental"] = experimental
        if written:
            params["options"] = written
        return OptionsOnWire(params, job)

    def check_circuits(self, circuits: Iterable[QuantumCircuit]) -> None:
        """Checks the options against the circuits of a run.

        Raises:
            OptionsError: dynamical decoupling is on and a circuit has control flow, which services
                refuse together.
        """
        if not self.dynamical_decoupling.enable:
            return
        for index, circuit in enumerate(circuits):
            if circuit.has_control_flow_op():
                raise OptionsError(
                    f"PUB {index}: dynamical decoupling does not go with control flow: set "
                    "dynamical_decoupling.enable = False, or run this circuit in a job of its own"
                )

    def _given(self, *names: str) -> dict[str, Any]:
        """Those of the named options that are set."""
        return {name: self.settings[name] for name in names if name in self.settings}

    def _job(self, written: dict[str, Any]) -> dict[str, Any]:
        environment = written.pop("environment", {})
        job: dict[str, Any] = {}
        if tags := environment.get("job_tags"):
            job["tags"] = tags
        if "log_level" in environment:
            job["log_level"] = environment["log_level"].lower()
        if environment.get("private") is not None:
            job["private"] = environment["private"]
        if "max_execution_time" in written:
            job["cost"] = written.pop("max_execution_time")
        return job


def _merge(written: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, dict) and isinstance(written.get(name), dict):
        for key, item in cast("dict[str, Any]", value).items():
            _merge(written[name], key, item)
    else:
        written[name] = value


class SamplerOptions(PrimitiveOptions, program_id="sampler"):
    """Options of SamplerV2.

    Unset options are not sent; the service's defaults apply. Groups take dicts or attributes::

        options = SamplerOptions(default_shots=1000, twirling={"enable_gates": True})
        options.dynamical_decoupling.enable = True
        options.update(environment={"job_tags": ["ghz"]})

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    program_id = "sampler"

    default_shots = Integer(
        "Shots of a PUB when neither the PUB nor run() says.",
        at_least=0,
        default=str(SERVICE_SHOTS),
    )
    execution = Group(SamplerExecutionOptionsV2)

    def shots_unless_given(self) -> int:
        """Shots of a PUB when neither the PUB nor run() says, as the service would choose them.

        Returns:
            With twirling, num_randomizations x shots_per_randomization if both are numbers; else
            default_shots; else the service's 4096.
        """
        options = {"twirling": self.twirling.encode()}
        return sampler_shots({"options": options | self._given("default_shots")})


class EstimatorOptions(PrimitiveOptions, program_id="estimator"):
    """Options of EstimatorV2.

    Unset options are not sent; the service's defaults apply. Groups take dicts or attributes::

        options = EstimatorOptions(resilience={"zne": {"noise_factors": (1, 3, 5)}})
        options.resilience.zne.extrapolator = ["exponential", "linear"]
        options.update(default_precision=0.01)

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    program_id = "estimator"

    default_precision = Real(
        "Standard error to aim for when neither the PUB nor run() says; 0 is for exact values, "
        "which only simulators have.",
        at_least=0,
        default=f"{SERVICE_PRECISION} = 1/sqrt(4096)",
    )
    default_shots = Integer(
        "Shots of each circuit and measurement basis; overrides default_precision.",
        at_least=0,
        nullable=True,
        default="None, as many as the precision needs",
    )
    resilience_level = Integer(
        "Mitigation: 0 = none, 1 = of measurements, 2 = also zero-noise extrapolation and gate "
        "twirling.",
        at_least=0,
        at_most=2,
        default="1",
    )
    seed_estimator = Seed("Seed of everything random.", default="None, a new one each time")
    resilience = Group(ResilienceOptionsV2)
    execution = Group(ExecutionOptionsV2)

    def precision_unless_given(self) -> float | None:
        """Precision to send for a PUB when neither the PUB nor run() says.

        Returns:
            default_precision; None, which leaves it to the service, where nobody set it or where
            default_shots or twirling's product counts, which a precision in the PUB would override.
        """
        product = Randomizations.of_estimator(self._shots_on_wire()).product
        if is_unset(self.default_precision) or self.default_shots or product:
            return None
        return cast("float", self.default_precision)

    def assumed_precision(self) -> float:
        """Standard error of a PUB when neither the PUB nor run() says, as the service chooses it.

        Returns:
            With twirling, what num_randomizations x shots_per_randomization give if both are
            numbers; else what default_shots give; else default_precision; else the service's 1/64.
        """
        return estimator_precision(self._shots_on_wire())

    def _shots_on_wire(self) -> dict[str, Any]:
        """The options that decide on shots and precision, as they are sent."""
        groups = {
            "twirling": self.twirling.encode(),
            "resilience": self.resilience.settings,
        }
        options = groups | self._given("default_shots", "default_precision")
        return {"options": options} | self._given("resilience_level")

    def validate(self) -> None:
        """Checks too that what is learned about measurements is used."""
        super().validate()
        resilience = self.resilience
        mitigates = resilience.measure_mitigation
        off = mitigates is False or (is_unset(mitigates) and self.resilience_level == 0)
        if off and resilience.measure_noise_learning.encode():
            raise OptionsError(
                "resilience.measure_noise_learning has no effect while measurement errors are not "
                "mitigated: set resilience.measure_mitigation = True"
            )
