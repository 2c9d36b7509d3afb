"""Executor: programs as sent, results as users see them, and what is refused before sending."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ParameterVector

from qiskit_rest_primitives import (
    EncodeError,
    Executor,
    Experiment,
    ISAError,
    OptionsError,
    QiskitRuntimeService,
    QuantumProgram,
    RestBackend,
    save_result,
)


def bell() -> QuantumCircuit:
    """A Bell state, measured."""
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def sweep() -> tuple[QuantumCircuit, np.ndarray]:
    """Eleven angles, of which the last turns the qubit; three registers, one of them empty."""
    angles = ParameterVector("t", 11)
    circuit = QuantumCircuit(
        QuantumRegister(1),
        *(ClassicalRegister(size, name) for name, size in zip("abe", (1, 1, 0), strict=True)),
    )
    for angle in angles[:10]:
        circuit.rz(angle, 0)
    circuit.ry(angles[10], 0)
    circuit.measure([0, 0], [0, 1])
    values = np.zeros((2, 3, 11))
    values[1, :, 10] = np.pi
    return circuit, values


def test_results_have_the_shapes_and_names_of_the_program(
    service: QiskitRuntimeService, backend: RestBackend
) -> None:
    """Arrays of bits by the user's names, and what was passed, also from the job's id."""
    program = QuantumProgram(20, passthrough_data={"x": [1, np.arange(3)]})
    program.append_circuit_item(bell())
    program.append_circuit_item(*sweep())
    job = Executor(backend).run(program)
    for result in (job.result(), service.job(job.job_id()).result()):
        bits = result[1]
        assert {name: array.shape for name, array in bits.items()} == {
            "a": (2, 3, 20, 1),
            "b": (2, 3, 20, 1),
            "e": (2, 3, 20, 0),
        }
        assert bits["a"].dtype == bool
        assert not bits["a"][0].any()
        assert bits["a"][1].all()
        np.testing.assert_array_equal(result.passthrough_data["x"][1], [0, 1, 2])
        assert sum(part.size for span in result.timing for part in span.parts) == 7
    assert job.primitive_id == "executor"
    assert list(job.inputs["quantum_program"]["circuits"]) == ["data"]
    assert "2 items" in job._repr_html_()


def test_a_seed_repeats_a_program(backend: RestBackend) -> None:
    """The same seed gives the same bits."""
    program = QuantumProgram(50)
    program.append_circuit_item(bell())
    executor = Executor(backend, {"simulator": {"seed_simulator": 3}})
    first, second = (executor.run(program).result()[0]["meas"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_samplexes_and_boxes(service: QiskitRuntimeService, backend: RestBackend) -> None:
    """Sent as QPY with their annotations; randomizations are an axis of the result."""
    samplomatic = pytest.importorskip("samplomatic")
    from samplomatic.transpiler import generate_boxing_pass_manager

    boxed = generate_boxing_pass_manager(enable_gates=True, enable_measures=True).run(bell())
    program = QuantumProgram(20)
    program.append_samplex_item(*samplomatic.build(boxed), shape=(4,))
    program.append_circuit_item(boxed)
    job = Executor(backend).run(program)
    for result in (job.result(), service.job(job.job_id()).result()):
        bits = result[0]["meas"] ^ result[0]["measurement_flips.meas"]
        assert bits.shape == (4, 20, 2)
        np.testing.assert_array_equal(bits[..., 0], bits[..., 1])
        assert result[1]["meas"].shape == (20, 2)
    with Experiment("samplexes"), pytest.raises(EncodeError, match="part of an Experiment"):
        Executor(backend).run(program)


def test_an_experiment_reuses_a_program(backend: RestBackend) -> None:
    """The same program in the same experiment is one job."""
    program = QuantumProgram(20)
    program.append_circuit_item(*sweep())
    ids: list[str] = []
    for _ in range(2):
        with Experiment("programs"):
            job = Executor(backend).run(program)
            job.result()
            ids.append(job.job_id())
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    "data",
    [
        np.arange(3),
        [np.array([0.5, 2.0])],
        {"qiskit_rest_primitives": np.arange(2)},
        {"a": [1, 2.5, None, True, "text"]},
    ],
)
def test_passthrough_data_come_back_unchanged(backend: RestBackend, data: object) -> None:
    """Arrays, alone or within lists and dicts, and plain values."""
    program = QuantumProgram(3, passthrough_data=data)
    program.append_circuit_item(bell())
    np.testing.assert_equal(Executor(backend).run(program).result().passthrough_data, data)


def test_a_dry_run_has_the_shape_of_a_result(backend: RestBackend) -> None:
    """A mock of the backend answers with random bits, and charges nothing."""
    program = QuantumProgram(10)
    program.append_circuit_item(bell())
    job = Executor(backend).run(program, dry_run=True)
    assert job.backend().name.startswith("mock")
    assert job.result()[0]["meas"].shape == (10, 2)
    assert job.usage() == 0


def test_refused_before_anything_is_sent(
    service: QiskitRuntimeService, backend: RestBackend, tmp_path: Path
) -> None:
    """Each refusal names the item or the option, and the cure."""
    executor, before = Executor(backend), len(service.jobs())
    program = QuantumProgram(10)
    with pytest.raises(EncodeError, match="append_circuit_item"):
        executor.run(program)
    with pytest.raises(EncodeError, match="not list"):
        executor.run([bell()])
    with pytest.raises(ValueError, match="last axis is 11"):
        program.append_circuit_item(sweep()[0], [1.0])
    with pytest.raises(ValueError, match="pass circuit_arguments"):
        program.append_circuit_item(sweep()[0])
    with pytest.raises(ValueError, match="not str"):
        program.append_circuit_item("bell")
    program.append_circuit_item(bell(), chunk_size=1)
    with pytest.raises(EncodeError, match="item 0: chunk_size is for jobs of a session"):
        executor.run(program)
    program.append_circuit_item(bell())
    with pytest.raises(EncodeError, match="item 1 has chunk_size None"):
        executor.run(program)
    program.items = program.items[1:]
    device = service.backend("fake_5q")
    with pytest.raises(ISAError, match="item 0: instruction 0, h"):
        Executor(device).run(program)
    with pytest.raises(ISAError, match="mock_5q has no such instruction"):
        Executor(device).run(program, dry_run=True)
    with pytest.raises(OptionsError, match=r"options\.simulator\.basis_gates"):
        Executor(backend, {"simulator": {"basis_gates": ["x"]}}).run(program)
    for passed, place in (({"a": [object()]}, r"passthrough_data\.a\[0\]"), (np.inf, "inf")):
        program.passthrough_data = passed
        with pytest.raises(EncodeError, match=place):
            executor.run(program)
    program.passthrough_data = None
    for shots in (0, 1.5):
        program.shots = shots
        with pytest.raises(EncodeError, match="shots must be an integer"):
            executor.run(program)
    assert len(service.jobs()) == before
    program.shots = 10
    with pytest.raises(EncodeError, match="QuantumProgramResult"):
        save_result(executor.run(program).result(), tmp_path / "result.zip")


def test_the_body_is_plain_json(backend: RestBackend) -> None:
    """What the handle keeps of the params can be written as JSON."""
    program = QuantumProgram(5)
    program.append_circuit_item(bell())
    job = Executor(backend).run(program)
    assert json.loads(json.dumps(job.inputs))["quantum_program"]["shots"] == 5
