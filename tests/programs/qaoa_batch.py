"""QAOA for a maximum cut: the parameters are scanned in a batch, the best ones are sampled."""

import json

import numpy as np
import rustworkx as rx
from qiskit.circuit.library import QAOAAnsatz
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, QiskitRuntimeService
from qiskit_ibm_runtime import EstimatorV2 as Estimator
from qiskit_ibm_runtime import SamplerV2 as Sampler

EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]


def cut(bits: str) -> int:
    """The number of edges between both parts; bit 0 stands last."""
    part = bits[::-1]
    return sum(part[a] != part[b] for a, b in EDGES)


def main(service: QiskitRuntimeService) -> dict:
    """The best cut of a ring of five nodes."""
    graph = rx.PyGraph()
    graph.add_nodes_from(range(5))
    graph.add_edges_from([(a, b, 1.0) for a, b in EDGES])
    cost = SparsePauliOp.from_sparse_list(
        [("ZZ", [a, b], 1.0) for a, b in graph.edge_list()], num_qubits=5
    )
    circuit = QAOAAnsatz(cost_operator=cost, reps=1)
    circuit.measure_all()
    backend = service.backend("fake_5q")
    pm = generate_preset_pass_manager(optimization_level=2, backend=backend, seed_transpiler=2)
    candidate = pm.run(circuit)
    bare = candidate.remove_final_measurements(inplace=False)
    grid = [(beta, gamma) for beta in (0.3, 0.6, 2.8) for gamma in (0.4, 0.7)]

    with Batch(backend=backend) as batch:
        estimator = Estimator(mode=batch)
        estimator.options.default_shots = 3000
        estimator.options.dynamical_decoupling.enable = True
        estimator.options.dynamical_decoupling.sequence_type = "XY4"
        jobs = [
            estimator.run([(bare, cost.apply_layout(bare.layout), list(point))]) for point in grid
        ]
        results = [job.result()[0].data for job in jobs]
        costs = [float(data.evs) for data in results]
        best = int(np.argmin(costs))
        sampler = Sampler()
        sampler.options.default_shots = 2000
        sampler.options.simulator.seed_simulator = 5
        job = sampler.run([(candidate, grid[best])])
        counts_int = job.result()[0].data.meas.get_int_counts()
        counts = job.result()[0].data.meas.get_counts()

    average = np.array([cut(bits) for bits, n in counts.items() for _ in range(n)])
    return {
        "costs": costs,
        "costs_error": [float(data.stds) for data in results],
        "best": list(grid[best]),
        "cut": max(counts, key=cut).count("1") in (2, 3) and max(map(cut, counts)),
        "counts": counts,
        "same_counts": sorted(counts_int.values()) == sorted(counts.values()),
        "average_cut": float(average.mean()),
        "average_cut_error": float(average.std() / np.sqrt(len(average))),
        "all_in_batch": {one.session_id for one in [*jobs, job]} == {batch.session_id},
        "mode": batch.details()["mode"],
        "status": batch.status(),
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
