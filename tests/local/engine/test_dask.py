"""The engine on a Dask cluster."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.primitives import StatevectorSampler

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from tests.local.engine.test_engine import SWEEP, rotated, sweep_results
from tests.local.engine.test_mitigation import seeded_results

distributed = pytest.importorskip("distributed")

# Dask leaves sockets and event loops to the garbage collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def test_a_cluster_gives_the_same_bits_as_threads():
    """A seeded sweep on two workers equals the one in threads, and the reference's.

    Jobs with error mitigation equal those on processes of this machine.
    """
    engine = Engine(LocalBackends())
    wanted = sweep_results(engine)
    engine.close()
    mitigated = seeded_results()
    [expected] = StatevectorSampler(seed=42).run([(rotated(9), SWEEP)], shots=64).result()
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        engine = Engine(LocalBackends(), client.get_executor())
        results = sweep_results(engine)
        assert engine._workers.width == 2
        engine.close()
        wanted += mitigated
        results += seeded_results(client.get_executor())
    assert np.array_equal(results[0], expected.data.meas.array)
    for got, want in zip(results, wanted, strict=True):
        assert np.array_equal(got, want)
