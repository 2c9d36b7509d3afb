"""Samplex items of the program executor, and samplexes that are wrong or too large.

Needs the extra [executor]; conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import PauliLindbladMap
from samplomatic import InjectNoise, Twirl, build
from samplomatic.serialization import samplex_to_json
from samplomatic.ssv import SSV

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.wire.executor.tensors import encode_tensor
from tests.local.engine.programs import reason_of, run_program
from tests.wire.executor.programs import circuit_item, program

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """An engine with threads and processes of its own."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def boxed(*, noise: bool = False) -> QuantumCircuit:
    """rx(a) and cz in a twirled box, then twirled measurements of both qubits."""
    circuit = QuantumCircuit(2, 2)
    annotations = [Twirl(), InjectNoise("r")] if noise else [Twirl()]
    with circuit.box(annotations):
        circuit.rx(Parameter("a"), 0)
        circuit.cz(0, 1)
    with circuit.box([Twirl()]):
        circuit.measure([0, 1], [0, 1])
    return circuit


TEMPLATE, SAMPLEX = build(boxed())
TEXT = samplex_to_json(SAMPLEX, None, SSV)


def tensor(values: Any) -> dict[str, Any]:
    """Arguments as they are sent."""
    return msgspec.to_builtins(encode_tensor(np.asarray(values, dtype=float)))


def samplex_item(values: Any, shape: list[int], **members: Any) -> dict[str, Any]:
    """An item of the samplex."""
    return {
        "item_type": "samplex",
        "samplex": {"ssv": SSV, "samplex_json": TEXT},
        "samplex_arguments": {"parameter_values": tensor(values)},
        "shape": shape,
        **members,
    }


def unflipped(item: Any) -> np.ndarray:
    """The samples without the flips of twirling."""
    return item["c"] ^ item["measurement_flips.c"]


class TestSampling:
    """What samplex items give."""

    @pytest.mark.parametrize("backend", ["statevector", "aer"])
    def test_twirled_samples(self, engine: Engine, backend: str) -> None:
        """Axes of the arguments are a sweep, all others are randomizations of each point."""
        item = samplex_item([[[0.0]], [[np.pi]]], [2, 8])
        # circuit items beside samplex items keep their numbers
        plain = QuantumCircuit(1, 1)
        plain.measure(0, 0)
        params = program([plain, TEMPLATE], [circuit_item([]), item], shots=20)
        result = run_program(engine, params, backend)
        found = result.items[1]
        assert found["c"].shape == (2, 8, 20, 2)
        assert found["measurement_flips.c"].shape == (2, 8, 1, 2)
        assert unflipped(found)[..., 0].all(axis=(1, 2)).tolist() == [False, True]
        assert not unflipped(found)[..., 1].any()
        assert len(np.unique(found["measurement_flips.c"][..., 0])) == 2
        assert not result.items[0]["c"].any()

    def test_outer_randomizations(self, engine: Engine) -> None:
        """Randomizations may come before the axes of the arguments, too."""
        params = program([TEMPLATE], [samplex_item([[0.0], [np.pi]], [5, 2])], shots=3)
        found = unflipped(run_program(engine, params).items[0])
        assert found.shape == (5, 2, 3, 2)
        assert found[..., 0].all(axis=(0, 2)).tolist() == [False, True]
        assert not found[:, 0, :, 0].any()

    def test_seed(self, engine: Engine) -> None:
        """The same seed draws the same randomizations and samples."""

        def drawn(seed: int) -> tuple[bytes, bytes]:
            options = {"experimental": {"seed_simulator": seed}}
            item = samplex_item([1.0], [30])
            result = run_program(engine, program([TEMPLATE], [item], options=options))
            found = result.items[0]
            return found["measurement_flips.c"].tobytes(), found["c"].tobytes()

        first, again, other = drawn(1), drawn(1), drawn(2)
        assert first == again
        assert first[0] != other[0]
        assert first[1] != other[1]

    def test_noise(self, engine: Engine) -> None:
        """A Pauli Lindblad map as argument injects its errors."""
        template, samplex = build(boxed(noise=True))
        rates = PauliLindbladMap.from_list([("IX", 0.3)])
        item = samplex_item([0.0], [4000])
        item["samplex"]["samplex_json"] = samplex_to_json(samplex, None, SSV)
        terms = [[pauli, list(qubits), rate] for pauli, qubits, rate in rates.to_sparse_list()]
        item["samplex_arguments"]["pauli_lindblad_maps.r"] = {
            "sparse_terms": terms,
            "num_qubits": 2,
        }
        params = program([template], [item], shots=1)
        found = run_program(engine, params).items[0]
        wrong = unflipped(found).mean(axis=(0, 1)).max()
        exact = (1 - np.exp(-2 * 0.3)) / 2
        assert abs(wrong - exact) < 5 * np.sqrt(exact * (1 - exact) / 4000)
        assert "pauli_signs" in found


def with_text(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """An item whose samplex is changed."""
    graph = json.loads(TEXT)
    change(graph)
    return samplex_item([1.0], [2], samplex={"ssv": SSV, "samplex_json": json.dumps(graph)})


class TestRefused:
    """Bad samplexes and arguments are refused with the item and the place."""

    @pytest.mark.parametrize(
        ("members", "said"),
        [
            (
                {"samplex_arguments": {"nothing": True}},
                r"samplex_arguments\.nothing: .* no such argument; it has: parameter_values",
            ),
            ({"samplex_arguments": {"n" * 10**6: True}}, r"arguments\.n{60}: the samplex has no"),
            ({"samplex_arguments": {}}, "missing parameter_values"),
            ({"samplex_arguments": {"parameter_values": 1.5}}, "parameter_values: .*1.5"),
            ({"samplex_arguments": {"parameter_values": tensor([1, 2])}}, "parameter_values"),
            (
                {"samplex_arguments": {"parameter_values": {"sparse_terms": 1, "num_qubits": 2}}},
                "not a PauliLindbladMap",
            ),
            ({"shape": [3], "samplex_arguments": {"parameter_values": tensor(np.ones((2, 1)))}},
             "does not broadcast"),
            ({"shape": [2**31 - 1]}, "points of a samplex; at most"),
            ({"samplex": {"ssv": SSV + 1, "samplex_json": TEXT}}, f"reads 1 to {SSV}"),
            ({"samplex": {"ssv": 1, "samplex_json": TEXT}}, "ssv is 1, but"),
            ({"samplex": {"ssv": SSV, "samplex_json": "{"}}, "samplex_json can't be read"),
            (
                {"samplex": {"ssv": SSV, "samplex_json": json.dumps(
                    {"attrs": {"ssv": str(SSV)}, "nodes": [{}] * 1_000_000})}},
                "1000000 nodes; at most 200000",
            ),
        ],
    )  # fmt: skip
    def test_members(self, engine: Engine, members: dict[str, Any], said: str) -> None:
        """Unknown or missing arguments, wrong shapes, versions, texts; too much of anything."""
        items = [samplex_item([1.0], [2]), samplex_item([1.0], [2]) | members]
        reason = reason_of(engine, program([TEMPLATE, TEMPLATE], items))
        assert reason.startswith("item 1: ")
        assert re.search(said, reason), reason

    def test_another_template(self, engine: Engine) -> None:
        """A circuit that the samplex was not made for."""
        params = program([QuantumCircuit(2, 2)], [samplex_item([1.0], [2])])
        assert "the circuit has 0 parameters" in reason_of(engine, params)

    def test_a_graph_that_is_wrong(self, engine: Engine) -> None:
        """Nodes without members, or of another type."""
        item = with_text(lambda graph: graph["nodes"][0].update(data={}))
        assert "samplex_json can't be read" in reason_of(engine, program([TEMPLATE], [item]))

    def test_a_claim_of_much_memory(self, engine: Engine) -> None:
        """An output of 10**14 elements is refused by the limit of memory; the service goes on."""

        def claim(graph: dict[str, Any]) -> None:
            text = graph["attrs"]["output_specification"]
            graph["attrs"]["output_specification"] = re.sub(
                r"(\"num_randomizations\\*\",\s*)\d+", r"\g<1>100000000000000", text
            )
            assert graph["attrs"]["output_specification"] != text

        reason = reason_of(engine, program([TEMPLATE], [with_text(claim)]))
        assert reason.startswith("item 0: ")
        assert re.search("MiB|memory", reason), reason
        params = program([TEMPLATE], [samplex_item([0.0], [2])])
        assert not unflipped(run_program(engine, params).items[0]).any()

    def test_samplomatic_is_missing(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message has the command that installs it."""
        find = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == "samplomatic" else find(name)
        )
        params = program([TEMPLATE], [samplex_item([0.0], [2])])
        assert "samplomatic" in reason_of(engine, params)
