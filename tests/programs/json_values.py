"""JSON: results, circuits and arrays are written to a file and read again."""

import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import (
    EstimatorV2,
    QiskitRuntimeService,
    RuntimeDecoder,
    RuntimeEncoder,
    SamplerV2,
)


def again(value: object) -> object:
    """Writes and reads a value."""
    return json.loads(json.dumps(value, cls=RuntimeEncoder), cls=RuntimeDecoder)


def main(service: QiskitRuntimeService) -> dict:
    """What is read equals what was written."""
    theta = Parameter("theta")
    circuit = QuantumCircuit(2, name="kept", metadata={"step": 3})
    circuit.rx(theta, 0)
    circuit.cx(0, 1)
    measured = circuit.measure_all(inplace=False)
    backend = service.backend("statevector")
    sampler = SamplerV2(backend, options={"simulator": {"seed_simulator": 8}})
    sampled = sampler.run([(measured, [[0.1], [2.0]])], shots=100).result()
    estimated = EstimatorV2(backend).run([(circuit, "ZZ", [0.4])], precision=0.1).result()

    path = Path(tempfile.mkdtemp()) / "results.json"
    with open(path, "w") as file:
        json.dump({"sampled": sampled, "estimated": estimated}, file, cls=RuntimeEncoder)
    with open(path) as file:
        read = json.load(file, cls=RuntimeDecoder)
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    operator = SparsePauliOp(["XX", "ZI"], [1.5, -0.5j])
    plain = {"complex": 1 + 2j, "text": "ä", "none": None, "nested": [1, {"a": (1, 2)}]}
    wire = json.loads(json.dumps({"array": array, "complex": 1j}, cls=RuntimeEncoder))
    return {
        "samples": read["sampled"][0].data.meas == sampled[0].data.meas,
        "counts": read["sampled"][0].data.meas.get_counts(1),
        "evs": bool(read["estimated"][0].data.evs == estimated[0].data.evs),
        "types": [type(read["sampled"]).__name__, type(read["estimated"][0].data).__name__],
        "shots": read["sampled"][0].data.meas.num_shots,
        "array": [bool(np.array_equal(again(array), array)), str(again(array).dtype)],
        "circuit": again(measured) == measured,
        "circuit_name": [again(measured).name, again(measured).metadata],
        "circuits": again([circuit, measured]) == [circuit, measured],
        "parameter": again(theta) == theta,
        "operator": again(operator) == operator,
        "plain": {name: repr(value) for name, value in again(plain).items()},
        "moment": str(again(moment)),
        "numpy_numbers": [again(np.float64(0.5)), again(np.int64(3))],
        "keys": sorted(wire["array"]),
        "wire": [wire["array"]["__type__"], wire["complex"]],
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
