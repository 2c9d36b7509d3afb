"""Stretches: the lengths that they are given on a device, and circuits that break their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Duration
from qiskit.circuit.classical import expr, types
from qiskit.transpiler import Target

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.engine.read.linear_durations import read_duration
from qiskit_rest_primitives.local.engine.read.stretches import settle_stretches
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.devices.fake_devices import device_target
from tests.local.engine.programs import reason_of, run_program
from tests.wire.executor.programs import circuit_item, program

TARGET = device_target(5)
DT = TARGET.dt
SX = round(TARGET["sx"][(0,)].duration / DT)
CZ = round(TARGET["cz"][(0, 1)].duration / DT)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An engine with threads and processes of its own."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def settled(circuit: QuantumCircuit) -> tuple[dict[str, tuple[int, int]], list[int]]:
    """Value and remainder of each stretch, and the lengths of all delays."""
    found = settle_stretches(circuit, TARGET, 0)
    delays = [i.operation.duration for i in found.circuit.data if i.name == "delay"]
    values = {each["name"]: (each["value"], each["remainder"]) for each in found.stretch_values}
    return values, delays


def echo(length: int = 401) -> QuantumCircuit:
    """Qubit 0 waits; qubit 1 has two pulses, evenly spaced, for as long."""
    circuit = QuantumCircuit(2, 2)
    stretch = circuit.add_stretch("s")
    circuit.x([0, 1])
    circuit.barrier()
    circuit.delay(length, 0)
    circuit.delay(stretch, 1)
    circuit.x(1)
    circuit.delay(expr.mul(stretch, 2), 1)
    circuit.x(1)
    circuit.delay(stretch, 1)
    circuit.barrier()
    circuit.measure([0, 1], [0, 1])
    return circuit


class TestValues:
    """What is left over, divided."""

    def test_echo(self) -> None:
        """The time between two barriers, less the pulses; the rest goes to the first delay."""
        x = round(TARGET["x"][(1,)].duration / DT)
        value, remainder = divmod(401 - 2 * x, 4)
        values, delays = settled(echo())
        assert values == {"s": (value, remainder)}
        assert remainder
        assert delays == [401, value + remainder, 2 * value, value]

    def test_left_alignment(self) -> None:
        """Each group of qubits fills the time of the longest one."""
        circuit = QuantumCircuit(5)
        circuit.barrier()
        circuit.cz(0, 1)
        circuit.sx(2)
        for name, qubits in (("a", [0, 1]), ("b", [2]), ("c", [3, 4])):
            circuit.delay(circuit.add_stretch(name), qubits)
        circuit.barrier()
        values, _ = settled(circuit)
        assert values == {"a": (0, 0), "b": (CZ - SX, 0), "c": (CZ, 0)}

    def test_branches(self) -> None:
        """Control flow takes as long as its longest branch, a loop as long as all its turns."""
        circuit = QuantumCircuit(2, 1)
        stretch = circuit.add_stretch("s")
        with circuit.if_test((0, 1)) as otherwise:
            circuit.delay(50, 0)
        with otherwise:
            circuit.delay(70, 0)
        with circuit.for_loop(range(3)):
            circuit.sx(0)
        circuit.delay(stretch, 1)
        assert settled(circuit)[0] == {"s": (70 + 3 * SX, 0)}

    def test_boxes(self) -> None:
        """A box begins and ends with a barrier."""
        circuit = QuantumCircuit(2, 1)
        stretch = circuit.add_stretch("s")
        circuit.delay(1000, 0)
        with circuit.box():
            circuit.delay(40, 0)
            circuit.delay(stretch, 1)
        assert settled(circuit)[0] == {"s": (40, 0)}

    def test_expressions(self) -> None:
        """Sums, differences, quotients and units; lengths without a stretch, too."""
        circuit = QuantumCircuit(3)
        stretch = circuit.add_stretch("s")
        circuit.delay(expr.add(Duration.dt(90), Duration.dt(10)), 0)
        circuit.delay(expr.sub(expr.div(stretch, 2), Duration.dt(5)), 1)
        values, delays = settled(circuit)
        assert values == {"s": (210, 0)}
        assert delays == [100, 100]
        two = expr.cast(expr.lift(2, types.Uint(8)), types.Float())
        one = expr.mul(0.25, expr.mul(expr.add(stretch, stretch), two))
        assert read_duration(one, DT).slope == 1
        assert read_duration(expr.lift(Duration.ns(8)), 4e-9).offset == pytest.approx(2)

    def test_gates_within(self) -> None:
        """Gates between qubits belong to the way; an unused stretch is 0."""
        circuit = QuantumCircuit(2)
        stretch = circuit.add_stretch("s")
        circuit.add_stretch("unused")
        circuit.barrier()
        circuit.delay(100, 0)
        circuit.delay(stretch, 1)
        circuit.cz(0, 1)
        circuit.cz(0, 1)
        circuit.barrier()
        assert settled(circuit)[0] == {"s": (100, 0), "unused": (0, 0)}

    def test_no_expressions(self) -> None:
        """Other circuits stay as they are."""
        circuit = QuantumCircuit(1)
        circuit.delay(5, 0)
        with circuit.box():
            circuit.x(0)
        assert settle_stretches(circuit, TARGET, 0).circuit is circuit


Draw = Callable[[QuantumCircuit], object]


def refused(said: str) -> Callable[[Draw], Draw]:
    """Adds a circuit that is refused."""

    def add(draw: Draw) -> Draw:
        REFUSED.append((draw, said))
        return draw

    return add


REFUSED: list[tuple[Draw, str]] = []


@refused("'s' and 't' share qubits between two barriers")
def _shared(circuit: QuantumCircuit) -> None:
    circuit.delay(circuit.get_stretch("s"), [0, 1])
    circuit.cz(0, 1)
    circuit.delay(circuit.add_stretch("t"), 0)


@refused("'s' is used between different barriers")
def _barriers(circuit: QuantumCircuit) -> None:
    circuit.delay(circuit.get_stretch("s"), 0)
    circuit.barrier()
    circuit.delay(circuit.get_stretch("s"), 1)


@refused("'s' and 't' depend on one another")
def _bits(circuit: QuantumCircuit) -> None:
    circuit.delay(circuit.get_stretch("s"), 0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    circuit.delay(circuit.add_stretch("t"), 1)


@refused("two stretches, 's' and 't'")
def _two(circuit: QuantumCircuit) -> None:
    circuit.delay(expr.add(circuit.get_stretch("s"), circuit.add_stretch("t")), 0)


@refused("gets shorter as stretch 's' gets longer")
def _shorter(circuit: QuantumCircuit) -> None:
    circuit.delay(expr.sub(Duration.dt(9), circuit.get_stretch("s")), 0)


@refused("length -5 dt, which is negative")
def _negative(circuit: QuantumCircuit) -> None:
    circuit.delay(5, 0)
    circuit.delay(circuit.get_stretch("s"), 1)
    circuit.delay(expr.sub(circuit.get_stretch("s"), Duration.dt(10)), 1)


@refused("length -1 dt, which is negative")
def _always_negative(circuit: QuantumCircuit) -> None:
    circuit.delay(expr.sub(Duration.dt(1), Duration.dt(2)), 0)


@refused("not a multiple of a stretch and a number")
def _nonlinear(circuit: QuantumCircuit) -> None:
    stretch = circuit.get_stretch("s")
    circuit.delay(expr.mul(stretch, expr.div(stretch, Duration.dt(1))), 0)


@refused("not a multiple of a stretch and a number")
def _bitwise(circuit: QuantumCircuit) -> None:
    factor = expr.bit_not(expr.lift(1, types.Uint(8)))
    circuit.delay(expr.mul(circuit.get_stretch("s"), factor), 0)


@refused("if_else has delays whose length is not a number")
def _branch(circuit: QuantumCircuit) -> None:
    with circuit.if_test((0, 1)):
        circuit.delay(circuit.get_stretch("s"), 0)


@refused("a box with a duration has delays")
def _timed_box(circuit: QuantumCircuit) -> None:
    with circuit.box(duration=100, unit="dt"):
        circuit.delay(circuit.get_stretch("s"), 0)


@refused("h on qubits [0] has no fixed duration")
def _not_isa(circuit: QuantumCircuit) -> None:
    circuit.h(0)
    circuit.delay(circuit.get_stretch("s"), 0)


@pytest.mark.parametrize(("draw", "said"), REFUSED)
def test_broken_rules_of_stretches_are_refused(draw: Draw, said: str) -> None:
    """What breaks a rule is refused with the number of the circuit and a cure."""
    circuit = QuantumCircuit(2, 1)
    circuit.add_stretch("s")
    draw(circuit)
    with pytest.raises(RefusedError) as caught:
        settle_stretches(circuit, TARGET, 3)
    assert caught.value.reason.startswith("PUB 3: ")
    assert said in caught.value.reason
    assert caught.value.solution


def test_stretches_need_the_dt_of_the_device() -> None:
    """A device whose dt is unknown."""
    with pytest.raises(RefusedError, match=r"PUB 0: .* does not say how long its dt is"):
        settle_stretches(echo(), Target(num_qubits=2), 0)


class TestPrograms:
    """Quantum programs with stretches."""

    def test_values_in_the_result(self, engine: Engine) -> None:
        """Name, value, remainder, and when each delay is in the schedule of the whole circuit."""
        options = {"stretch_values": True, "scheduler_timing": True}
        params = program([echo()], [circuit_item([])], options=options)
        result = run_program(engine, params, "fake_5q")
        (found,) = result.metadata[0]["stretch_values"]
        lines = result.metadata[0]["scheduler_timing"]["timing"].splitlines()
        delays = [line.split(",") for line in lines if ",delay_1," in line]
        assert found["expanded_values"] == [[int(row[3]), int(row[4])] for row in delays]
        assert [length for _, length in found["expanded_values"]] == [
            found["value"] + found["remainder"],
            2 * found["value"],
            found["value"],
        ]
        assert result.items[0]["c"].mean() > 0.8

    def test_delays_are_simulated(self, engine: Engine) -> None:
        """A qubit relaxes for as long as its stretch turns out to be."""
        ticks = round(4 * TARGET.qubit_properties[1].t1 / DT)
        bits = [
            run_program(
                engine, program([echo(length)], [circuit_item([])], shots=4000), "fake_5q"
            ).items[0]["c"][..., 1]
            for length in (4 * SX, ticks)
        ]
        assert bits[0].mean() - bits[1].mean() > 0.3

    def test_simulators(self, engine: Engine) -> None:
        """Without durations, delays do nothing, and there are no values to give."""
        params = program([echo()], [circuit_item([])])
        assert np.all(run_program(engine, params).items[0]["c"])
        params["options"] = {"stretch_values": True}
        assert "options.stretch_values: the instructions of statevector" in reason_of(
            engine, params
        )
