"""A user's typed program: names of the official client, right and wrong.

Each wrong line ends in "# error:" and a part of pyright's message; no other line may have one.
"""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit_rest_primitives.noise_learner import NoiseLearner  # error: could not be resolved

from qiskit_rest_primitives import (
    IBMBackend,
    NoiseLearnerV3,  # error: "NoiseLearnerV3" is unknown import symbol
    RuntimeJobFailureError,
    RuntimeJobV2,
    SamplerV2,
    Session,
)
from qiskit_rest_primitives.exceptions import IBMRuntimeError, RuntimeInvalidStateError
from qiskit_rest_primitives.fake_provider import FakeManilaV2
from qiskit_rest_primitives.transpiler.passes import FoldRzzAngle


def right(backend: IBMBackend, circuit: QuantumCircuit, job: RuntimeJobV2) -> int | None:
    """What programs for the official client write."""
    sampler = SamplerV2(backend, {"default_shots": 3})
    try:
        sampler.run([circuit], dry_run=True).result(timeout=3, poll_interval=0.5)
    except RuntimeJobFailureError as error:
        print(error.reason_code)
    except (RuntimeInvalidStateError, IBMRuntimeError) as error:
        print(error.message)
    properties = job.properties()
    print(FakeManilaV2().num_qubits, FoldRzzAngle().name())
    return None if properties is None else len(properties.qubits)


def wrong(backend: IBMBackend, job: RuntimeJobV2) -> None:
    """Each of these fails when it runs, too."""
    job.result(decoder=dict)  # error: cannot be assigned to parameter "decoder"
    Session(backend, create=False)  # error: No parameter named "create"
    print(NoiseLearner, NoiseLearnerV3)
