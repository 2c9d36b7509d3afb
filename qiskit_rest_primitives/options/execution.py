"""Groups that the sampler and the estimator share: how circuits are executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.fields import (
    Bool,
    Choice,
    Integer,
    Items,
    Option,
    Real,
    Seed,
    as_integer,
)
from qiskit_rest_primitives.options.group import OptionGroup
from qiskit_rest_primitives.wire.limits import MAX_TAG_LENGTH, MAX_TAGS


class DynamicalDecouplingOptions(OptionGroup, path="dynamical_decoupling"):
    """Pulses on idle qubits that cancel slow noise."""

    enable = Bool("Whether to insert the sequences at all.", default="False")
    sequence_type = Choice(
        "Sequence: XX = tau/2 X tau X tau/2; XpXm = with +X and -X; XY4 = with +X, +Y, -X, -Y.",
        ["XX", "XpXm", "XY4"],
        default='"XX"',
    )
    extra_slack_distribution = Choice(
        "Where time goes that does not divide into steps of dt: the middle of the sequence, or its "
        "edges.",
        ["middle", "edges"],
        default='"middle"',
    )
    scheduling_method = Choice(
        "Gates as late (alap) or as soon (asap) as possible.", ["alap", "asap"], default='"alap"'
    )
    skip_reset_qubits = Bool(
        "Whether qubits that were just reset stay without a sequence until their first gate.",
        default="False",
    )


class TwirlingOptions(OptionGroup, path="twirling"):
    """Pauli twirling: random, equivalent circuits that turn coherent noise into Pauli noise."""

    enable_gates = Bool(
        "Whether to twirl two-qubit Clifford gates.",
        default="False for the sampler; for the estimator True from resilience_level 2",
    )
    enable_measure = Bool(
        "Whether to twirl measurements outside conditional blocks.",
        default="False for the sampler; for the estimator True from resilience_level 1",
    )
    num_randomizations = Integer(
        "Number of random circuits. auto = ceil(shots / shots_per_randomization). Given as "
        "numbers, "
        "num_randomizations x shots_per_randomization takes precedence over default_shots, "
        "never over the shots of a PUB or of run().",
        at_least=1,
        auto=True,
        default='"auto"',
    )
    shots_per_randomization = Integer(
        "Shots of each random circuit. auto = ceil(shots / num_randomizations); if that is auto "
        "too, 64 "
        "for PEC, else max(64, ceil(shots / 32)).",
        at_least=1,
        auto=True,
        default='"auto"',
    )
    strategy = Choice(
        "Which qubits are twirled in a layer: those of its gates (active), all that the circuit "
        "uses "
        "(active-circuit), those used so far (active-accum), or all.",
        ["active", "active-circuit", "active-accum", "all"],
        default='"active-accum"',
    )


class ExecutionOptionsV2(OptionGroup, path="execution"):
    """How the device repeats a circuit."""

    init_qubits = Bool("Whether to reset all qubits before each shot.", default="True")
    rep_delay = Real(
        "Delay between a measurement and the next circuit, in seconds, within "
        "backend.rep_delay_range; for "
        "devices with dynamic_reprate_enabled.",
        at_least=0,
        default="the device's default_rep_delay",
    )


class SamplerExecutionOptionsV2(ExecutionOptionsV2):
    """How the device repeats a circuit, and what a measurement gives."""

    meas_type = Choice(
        "What each shot gives: bits (classified), or complex points in arbitrary units (kerneled), "
        "or "
        "their mean over the shots (avg_kerneled).",
        ["classified", "kerneled", "avg_kerneled"],
        default='"classified"',
    )


class Noise(Option[Any]):
    """A noise model: Aer's object or its dict."""

    kind = "qiskit_aer.noise.NoiseModel or its dict"

    def _check(self, value: Any) -> Any:
        from qiskit_rest_primitives.options.encoding import is_noise_model

        if isinstance(value, Mapping):
            return dict(cast("Mapping[str, Any]", value))
        if not is_noise_model(value):
            self.refuse(value)
        return value

    def _encode(self, value: Any) -> Any:
        from qiskit_rest_primitives.options.encoding import encode_value

        return encode_value(value, self.path)


class Edges(Items):
    """Directed pairs of qubits, or a CouplingMap, which is kept as it is."""

    kind = "a list of pairs of qubits or qiskit.transpiler.CouplingMap"

    def _check(self, value: Any) -> Any:
        # By its method, because qiskit.transpiler takes long to import.
        if hasattr(value, "get_edges"):
            return value
        return super()._check(value)

    def _check_item(self, item: Any, value: Any) -> list[int]:
        pair = [as_integer(qubit) for qubit in item] if isinstance(item, Sequence) else []
        if len(pair) != 2 or any(qubit is None or qubit < 0 for qubit in pair):
            self.refuse(value)
        return cast("list[int]", pair)

    def _encode(self, value: Any) -> Any:
        edges = value.get_edges() if hasattr(value, "get_edges") else value
        return [list(edge) for edge in edges]


class Names(Items):
    """A list of names."""

    kind = "a list of names of gates"

    def _check_item(self, item: Any, value: Any) -> str | None:
        if item is not None and not isinstance(item, str):
            self.refuse(value)
        return item


class SimulatorOptions(OptionGroup, path="simulator"):
    """What a simulator simulates; devices ignore it."""

    noise_model = Noise("Noise to simulate.", nullable=True, default="None, no noise")
    seed_simulator = Seed("Seed of the simulated shots.", default="None, a new one each time")
    coupling_map = Edges(
        "Directed pairs of qubits that can interact, such as [[0, 1], [1, 0]].",
        nullable=True,
        default="None, all pairs",
    )
    basis_gates = Names("Names of the gates there are.", default="all that the simulator knows")

    def set_backend(self, backend: Any) -> None:
        """Takes noise model, coupling map and basis gates from a backend.

        Args:
            backend: a BackendV2.

        Raises:
            OptionsError: qiskit-aer, which makes the noise model, is not installed.
        """
        try:
            from qiskit_aer.noise import NoiseModel
        except ImportError:
            raise OptionsError(
                "simulator.set_backend needs qiskit-aer: pip install 'qiskit-rest-primitives[aer]'"
            ) from None
        self.noise_model = NoiseModel.from_backend(backend)
        self.coupling_map = backend.coupling_map
        self.basis_gates = list(backend.operation_names)


class Tags(Items):
    """Tags of a job; one of the eight that a job can have is kept for the client's own."""

    kind = f"a list of at most {MAX_TAGS - 1} strings of at most {MAX_TAG_LENGTH} characters"

    def _check(self, value: Any) -> Any:
        tags = super()._check(value)
        if len(tags) >= MAX_TAGS:
            self.refuse(value)
        return list(tags)

    def _check_item(self, item: Any, value: Any) -> str:
        if not isinstance(item, str) or len(item) > MAX_TAG_LENGTH:
            self.refuse(value)
        return item


class EnvironmentOptions(OptionGroup, path="environment"):
    """What stands beside the parameters of a job."""

    log_level = Choice(
        "How much the job logs.",
        ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        any_case=True,
        default='"WARNING"',
        reads_as="WARNING",
    )
    job_tags = Tags("Tags to find the job by.", nullable=True, default="None", reads_as=None)
    private = Bool(
        "Whether inputs are not returned, and results can be read once and are then deleted.",
        nullable=True,
        default="False",
        reads_as=False,
    )
