"""Choosing a backend: by name, by size, by what it can do, by a function, the least busy."""

import json

from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_ibm_runtime import QiskitRuntimeService


def names(backends) -> list[str]:
    """Sorted names."""
    return sorted(backend.name for backend in backends)


def main(service: QiskitRuntimeService) -> dict:
    """The names that each filter leaves."""

    def short_gates(backend) -> bool:
        return "cz" in backend.configuration().basis_gates and backend.num_qubits < 20

    def found_none(**filters) -> bool:
        try:
            return service.backends(**filters) == []
        except QiskitBackendNotFoundError:
            return True

    try:
        service.least_busy(min_num_qubits=1000)
        too_large = "found"
    except QiskitBackendNotFoundError:
        too_large = "not found"
    instance = service.active_instance()
    return {
        "all": names(service.backends()),
        "by_name": names(service.backends("fake_27q")),
        "by_keyword": names(service.backends(name="fake_5q")),
        "simulators": names(service.backends(simulator=True)),
        "devices": names(service.backends(simulator=False, operational=True)),
        "large": names(service.backends(min_num_qubits=100, simulator=False)),
        "by_position": names(service.backends(None, 100)),
        "of_instance": names(service.backends(instance=instance)) == names(service.backends()),
        "dynamic": names(service.backends(dynamic_circuits=True)),
        "not_dynamic": found_none(dynamic_circuits=False),
        "by_function": names(service.backends(filters=short_gates)),
        "by_two": names(
            service.backends(
                simulator=False, filters=lambda b: b.num_qubits > 10 and b.status().operational
            )
        ),
        "by_setting": names(service.backends(n_qubits=27)),
        "by_maximum": names(service.backends(simulator=False, local=False, n_qubits=5)),
        "fractional": [
            "rzz" in backend.operation_names
            for backend in service.backends("fake_27q", use_fractional_gates=True)
        ],
        "none": found_none(name="fake_27q", min_num_qubits=100),
        "least_busy": service.least_busy(operational=True, simulator=False, min_num_qubits=20).name,
        "least_busy_filtered": service.least_busy(filters=lambda b: b.name == "fake_5q").name,
        "too_large": too_large,
        "one": service.backend("fake_5q", instance=instance).name,
        "same": service.backend("fake_5q").name == service.backend(name="fake_5q").name,
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
