"""A user's typed program: right and wrong uses of options.

Each wrong line ends in "# error:" and a part of pyright's message; no other line may have one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from qiskit.transpiler import CouplingMap

from qiskit_rest_primitives import (
    EstimatorOptions,
    EstimatorV2,
    RestBackend,
    RuntimeDecoder,
    RuntimeEncoder,
    SamplerOptions,
    SamplerV2,
)
from qiskit_rest_primitives.options import TwirlingOptions, Unset


def right(backend: RestBackend) -> tuple[int, Sequence[float]]:
    """Uses from the documentation."""
    sampler = SamplerOptions(default_shots=1000, twirling={"enable_gates": True})
    sampler.dynamical_decoupling.enable = True
    sampler.dynamical_decoupling.sequence_type = "XY4"
    sampler.twirling = TwirlingOptions(num_randomizations="auto", strategy="all")
    sampler.update(environment={"job_tags": ["ghz"]})
    sampler.simulator.seed_simulator = np.random.default_rng(1)
    sampler.simulator.coupling_map = CouplingMap([[0, 1]])
    estimator = EstimatorOptions(resilience={"zne": {"noise_factors": (1, 3, 5)}})
    estimator.resilience.zne.extrapolator = ["exponential", "linear"]
    estimator.default_shots = None
    if sampler.isa_check and sampler.environment.log_level == "WARNING":
        SamplerV2(backend, options={"default_shots": 3})
    primitive = SamplerV2(backend, options=sampler)
    EstimatorV2(backend, estimator, default_precision=0.1, seed=np.random.default_rng(1))
    SamplerV2(backend=backend, default_shots=100, seed=7)
    json.loads(json.dumps(asdict(sampler), cls=RuntimeEncoder), cls=RuntimeDecoder)
    replace(sampler, default_shots=4).update(default_shots=5)
    primitive.options.default_shots = Unset
    shots = 1 if sampler.default_shots is Unset else sampler.default_shots
    return shots, estimator.resilience.zne.noise_factors or (1, 3, 5)


def wrong(backend: RestBackend) -> None:
    """Each of these lines is refused at run time, too."""
    sampler, estimator = SamplerOptions(), EstimatorOptions()
    SamplerOptions(default_shotss=3)  # error: No parameter named "default_shotss"
    sampler.update(default_shotss=3)  # error: No parameter named "default_shotss"
    sampler.update(default_shots="many")  # error: "Literal['many']" is not assignable
    sampler.twirling.update(enable_gate=True)  # error: No parameter named "enable_gate"
    SamplerOptions(resilience_level=1)  # error: No parameter named "resilience_level"
    SamplerOptions(twirling=3)  # error: Argument of type "Literal[3]"
    EstimatorOptions({"default_shots": 3})  # error: Expected 0 positional arguments
    TwirlingOptions(strategy="none")  # error: Argument of type "Literal['none']"
    sampler.dynamical_decoupling.enable = "x"  # error: "Literal['x']" is not assignable
    sampler.dynamical_decoupling.enabel = True  # error: Attribute "enabel" is unknown
    sampler.dynamical_decoupling.sequence_type = "XY8"  # error: "Literal['XY8']" is not assignable
    sampler.default_shots = "many"  # error: "Literal['many']" is not assignable
    estimator.resilience.zne.noise_factors = "135"  # error: "Literal['135']" is not assignable
    print(estimator.execution.meas_type)  # error: Cannot access attribute "meas_type"
    SamplerV2(backend, options=EstimatorOptions())  # error: "EstimatorOptions" is not assignable
    SamplerV2(backend, default_precision=1)  # error: No parameter named "default_precision"
    EstimatorV2(backend, seed="x")  # error: Argument of type "Literal['x']"
