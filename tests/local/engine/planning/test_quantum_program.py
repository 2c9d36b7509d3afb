"""The program executor: circuit items on every kind of backend, and programs that are refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Annotation, BoxOp, Parameter
from qiskit.circuit.annotation import QPYSerializer

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.executor.program import encode_qpy
from tests.local.engine.jobs import text_of
from tests.local.engine.programs import outcome_of, reason_of, run_program
from tests.wire.executor.programs import circuit_item, program


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An engine with threads and processes of its own."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def rotations(names: str = "ab") -> QuantumCircuit:
    """One qubit a parameter, each turned by it; in two registers if there are two or more."""
    count = len(names)
    first = ClassicalRegister(1, "first")
    circuit = QuantumCircuit(QuantumRegister(count, "q"), first)
    for qubit, name in enumerate(names):
        circuit.rx(Parameter(name), qubit)
    circuit.measure(0, 0)
    if count > 1:
        circuit.add_register(ClassicalRegister(count - 1, "others"))
        circuit.measure(range(1, count), range(1, count))
    return circuit


def device_rotation() -> QuantumCircuit:
    """Two qubits in gates of a device: rx(a), and its result copied; bit 1 says the same."""
    circuit = QuantumCircuit(2, 2)
    circuit.sx(0)
    circuit.rz(Parameter("a"), 0)
    circuit.sx(0)
    for angle in (np.pi / 2, None, np.pi / 2):
        if angle:
            circuit.rz(angle, 1)
            circuit.sx(1)
            circuit.rz(angle, 1)
        else:
            circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


FLIPS = np.array([[0, 0], [0, np.pi], [np.pi, 0]])


class TestCircuitItems:
    """What circuit items give."""

    @pytest.mark.parametrize("version", ["v2.0", "v1.1"])
    def test_each_point_of_each_item(self, engine: Engine, version: str) -> None:
        """Every register of every item, ``(*shape, shots, bits)``, the first qubit's bit first."""
        items = [
            circuit_item(FLIPS.reshape(3, 1, 2), version=version),
            circuit_item([[np.pi]], version=version),
        ]
        params = program([rotations(), rotations("c")], items, version=version, shots=7)
        result = run_program(engine, params)
        assert result.items[0]["first"].shape == (3, 1, 7, 1)
        assert result.items[0]["first"].all(axis=(1, 2, 3)).tolist() == [False, False, True]
        assert result.items[0]["others"].all(axis=(1, 2, 3)).tolist() == [False, True, False]
        assert set(result.items[1]) == {"first"}
        assert result.items[1]["first"].all()

    def test_bits_of_a_register(self, engine: Engine) -> None:
        """Bit i of a register is place i of the last axis."""
        circuit = QuantumCircuit(11, 11)
        circuit.x([0, 9])
        circuit.measure(range(11), range(11))
        bits = run_program(engine, program([circuit], [circuit_item([])])).items[0]["c"]
        assert np.flatnonzero(bits[0]).tolist() == [0, 9]

    def test_repetitions(self, engine: Engine) -> None:
        """Axes that only the shape has repeat the points, with samples of their own."""
        item = circuit_item(np.array([0, np.pi / 2]).reshape(2, 1, 1, 1), shape=[2, 3, 4])
        params = program([rotations("a")], [item], options={"experimental": {"seed_simulator": 5}})
        bits = run_program(engine, params).items[0]["first"][..., 0]
        assert bits.shape == (2, 3, 4, 100)
        assert not bits[0].any()
        different = {tuple(row) for row in bits[1].reshape(12, 100)}
        assert len(different) == 12

    def test_no_points(self, engine: Engine) -> None:
        """A shape with an axis of length 0 gives empty arrays."""
        item = circuit_item(np.zeros((0, 3, 2)))
        result = run_program(
            engine, program([rotations(), rotations("a")], [item, circuit_item([1.0])])
        )
        assert result.items[0]["others"].shape == (0, 3, 100, 1)
        assert result.items[1]["first"].shape == (100, 1)

    def test_no_measurements(self, engine: Engine) -> None:
        """A circuit without bits has no results."""
        assert run_program(engine, program([QuantumCircuit(1)], [circuit_item([])])).items == [{}]

    def test_text(self, engine: Engine) -> None:
        """OpenQASM 3: values are in the order in which the text declares the parameters."""
        circuit = rotations()
        text = text_of(circuit).replace("input float[64] a;\n", "")
        text = text.replace("input float[64] b;\n", "input float[64] b;\ninput float[64] a;\n")
        assert text.index("float[64] b") < text.index("float[64] a")
        items = [circuit_item([0.0, np.pi]), circuit_item([0.0, np.pi])]
        params = program([circuit, circuit], items)
        params["quantum_program"]["circuits"] = {"data": [text, text_of(circuit)]}
        result = run_program(engine, params)
        assert result.items[0]["first"].all()
        assert not result.items[0]["others"].any()
        assert result.items[1]["others"].all()
        assert not result.items[1]["first"].any()

    @pytest.mark.parametrize("backend", ["aer", "fake_5q"])
    def test_sampling(self, engine: Engine, backend: str) -> None:
        """Counts agree with the exact probabilities, within five standard errors and the noise."""
        angles = np.linspace(0, np.pi, 5).reshape(5, 1)
        params = program([device_rotation()], [circuit_item(angles)], shots=4000)
        bits = run_program(engine, params, backend).items[0]["c"]
        exact = np.cos(angles[:, 0] / 2) ** 2  # sx rz(a) sx is rx(pi - a) up to phases
        error = 5 / np.sqrt(4 * 4000) + (0 if backend == "aer" else 0.1)
        for bit in (0, 1):
            assert np.abs(bits[..., bit].mean(axis=1) - exact).max() < error
        assert (bits[..., 0] == bits[..., 1]).mean() > 0.85

    def test_seed(self, engine: Engine) -> None:
        """The same seed gives the same samples on every backend, another one others."""
        angles = np.full((4, 1), np.pi / 2)

        def samples(backend: str, seed: int) -> np.ndarray:
            options = {"experimental": {"seed_simulator": seed}}
            params = program([device_rotation()], [circuit_item(angles)], options=options)
            return run_program(engine, params, backend).items[0]["c"]

        for backend in ("statevector", "aer", "fake_5q"):
            assert np.array_equal(samples(backend, 1), samples(backend, 1))
            assert not np.array_equal(samples(backend, 1), samples(backend, 2))

    def test_what_passes_through(self, engine: Engine) -> None:
        """passthrough_data and semantic_role come back to the last digit."""
        data = {"a": [1, 0.1, None, {"data": "x", "shape": [3], "dtype": "f64"}], "é": "\n"}
        params = program([QuantumCircuit(1)], passthrough_data=data, semantic_role="theirs")
        params["quantum_program"]["items"] = [circuit_item([])]
        result = run_program(engine, params)
        assert msgspec.json.decode(result.passthrough_data) == data
        assert result.semantic_role == "theirs"

    def test_annotated_boxes(self, engine: Engine) -> None:
        """A box whose annotations only samplomatic reads is run like its content."""

        class Note(Annotation):
            namespace = "samplomatic"

        class Serializer(QPYSerializer):
            def dump_annotation(self, namespace: str, annotation: Any) -> bytes:
                """Any bytes."""
                return b"\x00\x05Twirl"

            def load_annotation(self, payload: bytes) -> Annotation:
                """Not called."""
                raise NotImplementedError

        import io

        from qiskit import qpy

        content = QuantumCircuit(1)
        content.x(0)
        circuit = QuantumCircuit(1, 1)
        circuit.append(BoxOp(content, annotations=[Note()]), [0])
        circuit.measure(0, 0)
        file = io.BytesIO()
        qpy.dump([circuit], file, annotation_factories={"samplomatic": Serializer})
        params = program([circuit_without_box()], [circuit_item([])])
        params["quantum_program"]["circuits"] = msgspec.to_builtins(encode_qpy(file.getvalue()))
        assert run_program(engine, params).items[0]["c"].all()
        head = "OPENQASM 3.0; bit[1] c; qubit[1] q;\n@samplomatic.twirl \x00Twirl\n"
        text = head + "box { U(pi,0,0) q; } c = measure q;"
        params["quantum_program"]["circuits"] = {"data": [text]}
        assert run_program(engine, params).items[0]["c"].all()


def circuit_without_box() -> QuantumCircuit:
    """A place holder of the same bits."""
    return QuantumCircuit(1, 1)


class TestChunks:
    """When what ran."""

    def test_chunks_cover_every_point_once(self, engine: Engine) -> None:
        """Chunks cover each item, and their times lie within the job's."""
        before = time.time()
        params = program([rotations(), rotations()], [circuit_item(FLIPS), circuit_item(FLIPS[:2])])
        result = run_program(engine, params)
        after = time.time()
        for number, points in enumerate((3, 2)):
            own = [chunk for chunk in result.chunks if chunk.item == number]
            assert sorted(p for chunk in own for p in chunk.points) == list(range(points))
        for chunk in result.chunks:
            # Times are given in microseconds.
            assert before - 1e-3 <= chunk.begun_at <= chunk.ended_at <= after + 1e-3

    def test_no_chunk_exceeds_the_chunk_size(self, engine: Engine) -> None:
        """No chunk is larger than the item says."""
        items = [circuit_item(np.zeros((2, 5, 2)), chunk_size=4)]
        result = run_program(engine, program([rotations()], items))
        assert sorted(len(chunk.points) for chunk in result.chunks) == [2, 4, 4]
        assert result.chunks[0].permutation == (0, 1)


class TestDevices:
    """What holds a device."""

    def test_time_is_charged(self, engine: Engine) -> None:
        """A longer repetition delay costs more."""

        def usage(delay: float) -> float:
            items = [circuit_item([[0.0], [1.0]])]
            params = program([device_rotation()], items, options={"rep_delay": delay}, shots=1000)
            outcome = outcome_of(engine, params, "fake_5q")
            assert outcome.status == "Completed", outcome.logs
            return outcome.usage_seconds

        assert usage(400e-6) - usage(100e-6) == pytest.approx(2 * 1000 * 300e-6)

    def test_schedule(self, engine: Engine) -> None:
        """scheduler_timing gives the start and length of each instruction, in dt of the device."""
        circuit = device_rotation()
        circuit.delay(64, 0, unit="dt")
        circuit.barrier()
        params = program([circuit], [circuit_item([1.0])], options={"scheduler_timing": True})
        timing = run_program(engine, params, "fake_5q").metadata[0]["scheduler_timing"]
        rows = [line.split(",") for line in timing["timing"].splitlines()]
        assert {len(row) for row in rows} == {6}
        assert max(int(row[3]) + int(row[4]) for row in rows) == timing["circuit_duration"]
        assert [row[4] for row in rows if row[1] == "delay_0"] == ["64"]
        gates = {row[2]: int(row[3]) for row in rows if row[1] == "cz_0_1"}
        assert len(gates) == 2
        assert len(set(gates.values())) == 1
        for qubit in (0, 1):
            own = [row for row in rows if row[2] == f"Qubit {qubit}"]
            ends = [int(row[3]) + int(row[4]) for row in own]
            assert all(end <= int(row[3]) for end, row in zip(ends, own[1:], strict=False))

    def test_no_schedule(self, engine: Engine) -> None:
        """A circuit whose instructions have no fixed length has none."""
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        with circuit.if_test((0, 1)):
            circuit.x(0)
        params = program([circuit], [circuit_item([])], options={"scheduler_timing": True})
        assert "if_else on qubits [0] has no fixed duration" in reason_of(engine, params, "fake_5q")


def refused(engine: Engine, *, backend: str = "statevector", **members: Any) -> str:
    """Why a program of two items, of which members are replaced, is refused."""
    options = members.pop("options", None)
    item = members.pop("item", circuit_item([0.0, 0.0]))
    params = program([rotations(), rotations()], [circuit_item([0.0, 0.0]), item], options=options)
    params["quantum_program"] |= members
    return reason_of(engine, params, backend)


class TestRefused:
    """Programs that can't be run say which item, what is wrong and where."""

    @pytest.mark.parametrize(
        ("item", "said"),
        [
            (circuit_item([0.0]), r"the circuit has 2 parameters, the shape is \[1\]"),
            (circuit_item(0.0), r"the circuit has 2 parameters, the shape is \[\]"),
            (circuit_item([np.nan, 0.0]), "NaN"),
            (circuit_item(np.zeros((3, 2)), shape=[2]), r"\[3\] does not broadcast to .*\[2\]"),
            (circuit_item(np.zeros((3, 2)), shape=[1]), r"\[3\] does not broadcast to .*\[1\]"),
            (circuit_item([0.0, 0.0], shape=[2**31 - 1, 2**31 - 1]), "GiB"),
            (circuit_item(np.zeros((0, 2)), shape=[0, *[2**31 - 1] * 30, 0]), "no array has"),
            (
                circuit_item()
                | {"circuit_arguments": {"data": "", "shape": [0, 2**31 - 1, 2], "dtype": "f64"}},
                "at most",
            ),
            (
                circuit_item() | {"circuit_arguments": {"data": "", "shape": [2], "dtype": "f64"}},
                "zlib|too soon",
            ),
            (
                circuit_item() | {"circuit_arguments": {"data": "", "shape": [2], "dtype": "u8"}},
                "dtype u8; send f64",
            ),
        ],
    )
    def test_items(self, engine: Engine, item: dict[str, Any], said: str) -> None:
        """Arguments of another length, shape or dtype, or that would take too much memory."""
        import re

        reason = refused(engine, item=item)
        assert reason.startswith("item 1:")
        assert re.search(said, reason), reason

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"scheduler_timing": True}, "options.scheduler_timing"),
            ({"stretch_values": True}, "options.stretch_values"),
            ({"experimental": {"secret": 1}}, "options.experimental.secret"),
            ({"experimental": {"seed_simulator": "x"}}, "options.experimental.seed_simulator"),
            ({"rep_delay": 1e-4}, "options.rep_delay: statevector has no repetition delay"),
        ],
    )
    def test_options(self, engine: Engine, options: dict[str, Any], said: str) -> None:
        """An option that is not acted on is refused by name."""
        assert said in refused(engine, options=options)

    def test_rep_delay_range(self, engine: Engine) -> None:
        """A repetition delay outside of the device's range."""
        params = program([device_rotation()], [circuit_item([1.0])], options={"rep_delay": 1e-3})
        assert "options.rep_delay: 0.001 s is not from 0 to 0.0005 s" in reason_of(
            engine, params, "fake_5q"
        )

    @pytest.mark.parametrize("level", ["kerneled", "avg_kerneled", "both"])
    def test_measurement_levels(self, engine: Engine, level: str) -> None:
        """A simulator has no signal of its readout."""
        assert f"meas_level: '{level}'" in refused(engine, meas_level=level)

    def test_circuits(self, engine: Engine) -> None:
        """A circuit that the device can't run, and texts and files that can't be read."""
        wide = program(
            [device_rotation(), QuantumCircuit(6)], [circuit_item([0.0]), circuit_item()]
        )
        assert reason_of(engine, wide, "fake_5q").startswith("item 1: ")
        said = refused(engine, circuits={"data": [text_of(rotations()), "gibberish"]})
        assert said.startswith("item 1: error loading QASM")
        qpy_data = program([rotations()] * 2)["quantum_program"]["circuits"]
        cut = encode_qpy(b"QISKIT" + bytes([17, 2, 0, 0]) + bytes(7) + b"\x02e")
        said = refused(engine, circuits=msgspec.to_builtins(cut))
        assert said.startswith("circuits: ")
        other = {"qpy_version": qpy_data["qpy_version"] - 1}
        assert "qpy_version" in refused(engine, circuits=qpy_data | other)

    @pytest.mark.slow
    def test_shots(self, engine: Engine) -> None:
        """More shots than the device runs."""
        params = program([device_rotation()], [circuit_item([1.0])], shots=10**6)
        assert reason_of(engine, params, "fake_5q").startswith("item 0: 1,000,000 shots")
