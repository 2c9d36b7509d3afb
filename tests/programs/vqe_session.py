"""VQE of the hydrogen molecule, step by step with SciPy, in a session."""

import json

import numpy as np
from qiskit.circuit.library import n_local
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import EstimatorV2 as Estimator
from qiskit_ibm_runtime import QiskitRuntimeService, Session
from scipy.optimize import minimize

HYDROGEN = SparsePauliOp(
    ["II", "IZ", "ZI", "ZZ", "XX"],
    [
        -1.052373245772859,
        0.39793742484318045,
        -0.39793742484318045,
        -0.01128010425623538,
        0.18093119978423156,
    ],
)
GROUND_STATE = float(np.linalg.eigvalsh(HYDROGEN.to_matrix())[0])


def cost(params, ansatz, hamiltonian, estimator, history) -> float:
    """The energy for these parameters; keeps the history of the run."""
    result = estimator.run(pubs=[(ansatz, [hamiltonian], [params])]).result()
    history.append((float(result[0].data.evs[0]), float(result[0].data.stds[0])))
    return history[-1][0]


def main(service: QiskitRuntimeService) -> dict:
    """The energy that is found, and the session that it was found in."""
    backend = service.backend("fake_5q")
    ansatz = n_local(2, "ry", "cz", reps=1)
    pm = generate_preset_pass_manager(backend=backend, optimization_level=3, seed_transpiler=1)
    isa_ansatz = pm.run(ansatz)
    isa_hamiltonian = HYDROGEN.apply_layout(layout=isa_ansatz.layout)
    history: list[tuple[float, float]] = []

    with Session(backend=backend, max_time="20m") as session:
        estimator = Estimator(mode=session)
        estimator.options.default_precision = 0.01
        estimator.options.seed_estimator = 7
        x0 = np.array([0.6, 3.2, -2.0, 2.7])
        found = minimize(
            cost,
            x0,
            args=(isa_ansatz, isa_hamiltonian, estimator, history),
            method="cobyla",
            options={"maxiter": 14, "rhobeg": 0.3},
        )
        details = session.details()
    energy, error = min(history)
    return {
        "energy": energy,
        "energy_error": error,
        "evaluations": found.nfev == len(history) > 10,
        "start": history[0][0],
        "start_error": history[0][1],
        "near_ground_state": abs(energy - GROUND_STATE) < 0.15,
        "mode": details["mode"],
        "max_time": details["max_time"],
        "backend": session.backend(),
        "in_session": len(service.jobs(session_id=session.session_id, limit=None)) == len(history),
        "state_after": session.details()["state"],
        "accepting": session.details()["accepting_jobs"],
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
