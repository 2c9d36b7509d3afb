"""What a device is: target, configuration, properties, status, and its pictures."""

import datetime
import json
import statistics

import matplotlib.pyplot as plt
from qiskit.exceptions import MissingOptionalLibraryError
from qiskit.transpiler import CouplingMap
from qiskit.visualization import plot_gate_map
from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService


def main(service: QiskitRuntimeService) -> dict:
    """Numbers of one device, as its owner would look them up."""
    backend = service.backend("fake_27q")
    config, status, target = backend.configuration(), backend.status(), backend.target
    properties = backend.properties()
    edges = sorted(tuple(edge) for edge in backend.coupling_map.get_edges())
    two_qubit = next(gate for gate in ("cz", "ecr", "cx") if gate in target.operation_names)
    errors = {edge: target[two_qubit][edge].error for edge in edges}
    best = min(errors, key=errors.get)
    figure, axes = plt.subplots()
    bars = axes.bar(range(27), [properties.t1(qubit) * 1e6 for qubit in range(27)])
    try:
        gate_map = type(plot_gate_map(backend)).__name__
    except MissingOptionalLibraryError:
        gate_map = "needs Graphviz"
    return {
        "kind": isinstance(backend, IBMBackend),
        "text": "fake_27q" in repr(backend),
        "name": [backend.name, config.backend_name, status.backend_name, properties.backend_name],
        "qubits": [backend.num_qubits, config.n_qubits, len(properties.qubits), target.num_qubits],
        "version": [backend.version, config.simulator, config.max_shots, config.local],
        "basis_gates": sorted(config.basis_gates),
        "operations": sorted(backend.operation_names),
        "instructions": len(target.instructions),
        "coupling": [list(edge) for edge in edges],
        "same_map": sorted(map(tuple, config.coupling_map)) == edges,
        "distance": int(CouplingMap(edges).distance(0, 20)),
        "best_edge": list(best),
        "best_error": [errors[best], properties.gate_error(two_qubit, list(best))],
        "length": properties.gate_length(two_qubit, list(best)),
        "t1": [properties.t1(0), backend.qubit_properties(0).t1, target.qubit_properties[0].t1],
        "t2": statistics.median(properties.t2(qubit) for qubit in range(backend.num_qubits)),
        "readout": [properties.readout_error(3), target["measure"][(3,)].error],
        "readout_length": properties.readout_length(3),
        "prob_meas0_prep1": properties.qubit_property(1, "prob_meas0_prep1")[0],
        "dated": abs(properties.qubit_property(1, "T1")[1] - properties.last_update_date).days,
        "faulty": [
            properties.faulty_qubits(),
            sorted((gate.gate, list(gate.qubits)) for gate in properties.faulty_gates()),
        ],
        "dt": [backend.dt, target.dt],
        "aware": properties.last_update_date.tzinfo is not None,
        "earlier": backend.properties(datetime=datetime.datetime.now()).backend_name,
        "calibrated_at": isinstance(properties.last_update_date, datetime.datetime),
        "status": [status.operational, status.status_msg, status.pending_jobs],
        "max_circuits": backend.max_circuits,
        "instruction_durations": backend.instruction_durations.get("x", [0], "s"),
        "pictures": [gate_map, len(bars), len(figure.axes)],
        "fractional": "rzz" in service.backend("fake_27q", use_fractional_gates=True).target,
        "dictionary": sorted(properties.to_dict())[:4],
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
