"""A job of the program noise-learner -> what its steps sample -> its result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from qiskit_rest_primitives.errors import OptionsError, ProtocolError
from qiskit_rest_primitives.local.engine.base.allowances import (
    NO_CAPS,
    JobCaps,
    Memory,
    Share,
    Time,
)
from qiskit_rest_primitives.local.engine.base.tasks import StepTask, StopFlag
from qiskit_rest_primitives.local.engine.planning.check_mitigation import (
    MAX_GATES,
    MAX_RANDOMIZATIONS,
)
from qiskit_rest_primitives.local.engine.planning.plan import PubPlan, plan_runs
from qiskit_rest_primitives.local.engine.planning.quantum_program import named_items
from qiskit_rest_primitives.local.engine.read.qpy_sandbox import Sandbox
from qiskit_rest_primitives.local.engine.read.read_pubs import Context, physical_width
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.base.seeds import Seeds
from qiskit_rest_primitives.local.simulators.noise.given_noise_in_aer import read_noise_option
from qiskit_rest_primitives.local.simulators.options_acted_on import Requested
from qiskit_rest_primitives.mitigation.base.extra import INSTALL, extra_is_installed
from qiskit_rest_primitives.mitigation.base.options import (
    LayerNoiseLearning,
    Twirling,
    layer_noise_learning,
)
from qiskit_rest_primitives.mitigation.learning.layer_noise_json import write_layer_noise
from qiskit_rest_primitives.mitigation.noise_learner import (
    LEARNED,
    check_learned_circuit,
    noise_learner_step,
)
from qiskit_rest_primitives.wire.limits import DEFAULT_PRECISION
from qiskit_rest_primitives.wire.request.pubs import decode_circuit
from qiskit_rest_primitives.wire.result.learned_noise import encode_learned_noise
from qiskit_rest_primitives.wire.shots import Randomizations

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.simulators.backends import LocalBackend
    from qiskit_rest_primitives.mitigation.base.steps import Finished, Run, Step
    from qiskit_rest_primitives.wire.request.noise_learner import NoiseLearnerParams

# As many as neighbours need to meet all pairs of Paulis, on lattices.
_BASES = 9


@dataclass(frozen=True)
class NoiseLearnerPlan:
    """How a job is run: a step that learns all layers.

    Attributes:
        circuits: whose layers are learned.
        options: which layers, and how.
        strategy: of twirling.
        context: of the job.
        seeds: the randomness of the job.
    """

    circuits: Sequence[QuantumCircuit]
    options: LayerNoiseLearning
    strategy: str
    context: Context
    seeds: Seeds

    def first_step(self) -> StepTask:
        """The task that finds the layers and draws their circuits."""
        backend = self.context.backend
        target = None if backend.is_simulator else backend.target
        seed = self.seeds.for_steps()
        arguments = (self.circuits, self.options, self.strategy, target, seed)
        return StepTask(noise_learner_step, arguments, self.context.stop)

    def plan_runs(self, runs: Sequence[Run], number: int) -> list[PubPlan]:
        """Divides what a step samples into tasks; see `MitigationPlan`."""
        return plan_runs(runs, number, self.seeds, self.context)

    def expected_seconds(self, step: Step, runs: Sequence[PubPlan]) -> float:
        """How long the job holds the device: there is only one step that samples."""
        return sum(run.device_seconds or 0.0 for run in runs)

    def encoded_result(self, finished: Finished) -> bytes:
        """The result as JSON."""
        options: Mapping[str, Any] = asdict(self.options) | {"twirling_strategy": self.strategy}
        metadata = {"backend": self.context.backend.name, "input_options": options}
        return encode_learned_noise(write_layer_noise(finished.metadata[LEARNED]), metadata)


def plan_noise_learner(
    params: NoiseLearnerParams,
    backend: LocalBackend,
    stop: StopFlag,
    sandbox: Sandbox,
    time_limit_seconds: float = math.inf,
    caps: JobCaps = NO_CAPS,
) -> NoiseLearnerPlan:
    """Reads the options and circuits of a job.

    Args:
        params: of the job.
        backend: what the job runs on.
        stop: checked while that takes long.
        sandbox: where QPY files are loaded first.
        time_limit_seconds: of the job.
        caps: what its user may ask for.

    Raises:
        RefusedError: an option or a circuit that can't be read or acted on.
    """
    if not extra_is_installed():
        raise RefusedError(
            "the program noise-learner needs samplomatic, which this service lacks",
            solution=f"Install it beside the service: {INSTALL}",
        )
    given = msgspec.to_builtins(params.options)
    options = layer_noise_learning(given)
    requested = _requested(params, options, backend)
    context = Context(
        requested,
        backend,
        stop,
        sandbox,
        Memory(),
        Time(time_limit_seconds),
        backend.clock(),
        Share(caps),
    )
    circuits: list[QuantumCircuit] = []
    with named_items("circuit"):
        for number, item in enumerate(params.circuits):
            sent = decode_circuit(item, f"circuit {number}")
            loaded = context.load(sent, number, physical_width(sent, backend))
            try:
                check_learned_circuit(loaded.circuit, number)
            except OptionsError as error:
                raise ProtocolError(str(error)) from error
            _check_size(loaded.circuit, options, context.memory, number)
            circuits.append(loaded.circuit)
    strategy = given.get("twirling_strategy", Twirling.strategy)
    return NoiseLearnerPlan(circuits, options, strategy, context, Seeds(requested.seed))


def _requested(
    params: NoiseLearnerParams, options: LayerNoiseLearning, backend: LocalBackend
) -> Requested:
    simulator = params.options.simulator
    noise = seed = None
    if simulator is not UNSET:
        noise = simulator.noise_model or None
        seed = None if simulator.seed_simulator is UNSET else simulator.seed_simulator
    if noise and not (backend.on_aer or backend.takes_noise):
        raise RefusedError(
            f"options.simulator.noise_model: {backend.name} takes no noise model",
            solution="Leave it out, or use the backend aer.",
        )
    if seed is not None and not backend.takes_seed:
        raise RefusedError(f"options.simulator.seed_simulator: {backend.name} takes no seed")
    return Requested(
        options.shots_per_randomization,
        DEFAULT_PRECISION,
        Randomizations(),
        seed,
        read_noise_option(noise) if noise else None,
        None,
        None,
        None,
        None,
        None,
        {},
    )


def _check_size(
    circuit: QuantumCircuit, options: LayerNoiseLearning, memory: Memory, number: int
) -> None:
    """Refuses options that would make more of a circuit than the service can hold."""
    randomizations = options.num_randomizations
    if randomizations > MAX_RANDOMIZATIONS:
        raise RefusedError(
            f"options.num_randomizations: {randomizations:,} is more than this service takes, "
            f"{MAX_RANDOMIZATIONS:,}",
        )
    lengths = [2 * pairs + 2 for pairs in set(options.layer_pair_depths)]
    # A layer acts on each qubit once, between random gates of four instructions each.
    gates = 5 * max(lengths) * circuit.num_qubits
    if gates > MAX_GATES:
        raise RefusedError(
            f"circuit {number}: its layers, repeated {max(lengths) - 2} times, are about {gates:,} "
            f"operations, more than {MAX_GATES:,}",
            solution="Use smaller layer_pair_depths.",
        )
    # Two angles of eight bytes for each of the random gates.
    memory.take(_BASES * randomizations * sum(lengths) * circuit.num_qubits * 16, number)
