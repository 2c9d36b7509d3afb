"""The backend `statevector`, compared with Qiskit's reference primitives."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives import StatevectorEstimator, StatevectorSampler
from qiskit.quantum_info import SparsePauliOp, Statevector

from qiskit_rest_primitives.local.engine.engine import Engine
from qiskit_rest_primitives.local.simulators.backends import LocalBackends
from qiskit_rest_primitives.local.simulators.methods import statevector
from qiskit_rest_primitives.wire.values.arrays import encode_array
from tests.local.engine.jobs import fail, run, text_of

SEED = {"simulator": {"seed_simulator": 42}}


@pytest.fixture(scope="module")
def engine():
    """An engine on threads."""
    engine = Engine(LocalBackends())
    yield engine
    engine.close()


def two_registers() -> QuantumCircuit:
    """Three qubits, two parameters, a register in reverse order and a partly measured one."""
    first, second = ClassicalRegister(2, "first"), ClassicalRegister(11, "second")
    circuit = QuantumCircuit(QuantumRegister(3, "q"), first, second)
    a, b = Parameter("a"), Parameter("b")
    circuit.ry(a, 0)
    circuit.cx(0, 1)
    circuit.rx(b, 2)
    circuit.cz(1, 2)
    circuit.h(1)
    circuit.measure([0, 1], [1, 0])
    circuit.measure(2, second[9])
    return circuit


@pytest.mark.parametrize("shape", [(), (1,), (40,), (3, 4)])
def test_a_seeded_sampler_equals_the_seeded_reference(engine, shape):
    """Every bit of every shot of a sweep with several registers, however the PUB is divided."""
    circuit = two_registers()
    values = np.random.default_rng(1).uniform(-3, 3, (*shape, 2))
    [pub] = run(engine, "sampler", [[text_of(circuit), values.tolist(), 300]], options=SEED)
    [expected] = StatevectorSampler(seed=42).run([(circuit, values)], shots=300).result()
    assert pub.data.shape == shape
    for name in ("first", "second"):
        assert np.array_equal(pub.data[name].array, expected.data[name].array)
        assert pub.data[name].num_bits == expected.data[name].num_bits
    assert pub.metadata["shots"] == 300
    assert pub.metadata["circuit_metadata"] == {}


@pytest.mark.parametrize(
    ("values_shape", "observables_shape"), [((), ()), ((5,), ()), ((3, 1), (1, 4)), ((6,), (6,))]
)
@pytest.mark.parametrize("precision", [0, 0.05])
def test_a_seeded_estimator_equals_the_seeded_reference(
    engine, values_shape, observables_shape, precision
):
    """Values, noise and shapes of every broadcast, exactly; `stds` are the noise's."""
    circuit = two_registers().remove_final_measurements(inplace=False)
    rng = np.random.default_rng(2)
    values = rng.uniform(-3, 3, (*values_shape, 2))
    terms = [{"XYZ": 0.5, "IIZ": -1.25}, {"ZZZ": 1.0}, {"XXI": 2.0, "III": 0.25}, {"YIY": -0.75}]
    choice = rng.integers(0, 4, observables_shape)
    observables = np.vectorize(lambda i: terms[i], otypes=[object])(choice).tolist()
    [pub] = run(
        engine,
        "estimator",
        [[text_of(circuit), observables, values.tolist(), precision]],
        options={"seed_estimator": 7},
    )
    [expected] = (
        StatevectorEstimator(seed=7).run([(circuit, observables, values, precision)]).result()
    )
    assert pub.data.evs.shape == expected.data.evs.shape
    assert np.array_equal(pub.data.evs, expected.data.evs)
    # The reference adds noise but has stds of 0; Aer's estimator has the noise's.
    assert pub.data.stds.shape == expected.data.stds.shape
    assert np.all(pub.data.stds == precision)
    assert pub.metadata["target_precision"] == precision
    assert pub.metadata["shots"] == (400 if precision else 0)
    assert pub.metadata["circuit_metadata"] == {}


def test_every_pub_of_a_seeded_job_equals_the_reference(engine):
    """The second and third PUB start from the seed like the first."""
    circuit = two_registers()
    pubs = [(circuit, [0.1, 0.2], 20), (circuit, [[1, 2], [3, 4]], 30), (circuit, [0.1, 0.2], 20)]
    result = run(engine, "sampler", [[text_of(c), v, s] for c, v, s in pubs], options=SEED)
    expected = StatevectorSampler(seed=42).run(pubs).result()
    for got, want in zip(result, expected, strict=True):
        assert np.array_equal(got.data.second.array, want.data.second.array)


def test_without_a_seed_points_and_jobs_differ(engine):
    """No two points or jobs have the same shots."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.rz(Parameter("a"), 0)
    circuit.measure_all()
    pub = [text_of(circuit), [[0.0], [0.0]], 200]
    first, second = (run(engine, "sampler", [pub])[0].data.meas.array for _ in range(2))
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, second)
    estimates = [
        run(engine, "estimator", [[text_of(two_registers()), "ZZZ", [0.1, 0.2]]])[0].data.evs
        for _ in range(2)
    ]
    assert estimates[0] != estimates[1]


def test_values_go_by_declaration_or_by_name(engine):
    """A list is in the order of the text's declarations; a mapping has names."""
    text = (
        "OPENQASM 3.0; include 'stdgates.inc'; input float[64] z; input float[64] a;"
        "qubit[2] q; ry(z) q[0]; rx(a) q[1];"
    ).replace("'", '"')
    want = np.cos([0.3, 1.1])
    pubs = [
        [text, ["IZ", "ZI"], [0.3, 1.1], 0],
        [text, ["IZ", "ZI"], {"a": 1.1, "z": 0.3}, 0],
        [text, ["IZ", "ZI"], {"a": [1.1, 1.1], "z": [0.3, 0.3]}, 0],
        [text, ["IZ", "ZI"], [[0.3, 1.1], [0.3, 1.1]], 0],
    ]
    for pub in run(engine, "estimator", pubs):
        assert np.allclose(pub.data.evs, want)


def test_one_parameter_may_leave_out_its_axis(engine):
    """Three numbers for one parameter are three points, as in Qiskit's primitives."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("a"), 0)
    [pub] = run(engine, "estimator", [[text_of(circuit), "Z", [0.0, 1.0, 2.0], 0]])
    assert np.allclose(pub.data.evs, np.cos([0, 1, 2]))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[0.1, 0.2, 0.3]], ["2 parameters", "values for 3"]),
        ([], ["2 parameters", "values for 0"]),
        (None, ["2 parameters"]),
        ({"a": 1.0}, ["2 parameters", "missing b"]),
        ({"a": 1.0, "b": 2.0, "c": 1}, ["unknown c"]),
        ({"a": [1.0], "b": [2.0, 3.0]}, ["shape"]),
    ],
)
def test_a_wrong_number_of_values_fails_with_the_numbers(engine, values, words):
    """The reason names the PUB and both counts, the solution says what to pass."""
    good = [text_of(two_registers()), [0.1, 0.2]]
    outcome = fail(engine, "sampler", [good, [text_of(two_registers()), values]])
    for word in ["PUB 1", *words]:
        assert word in outcome.reason
    assert outcome.reason_solution
    assert outcome.reason_code == 1002


def test_values_for_a_circuit_without_parameters_fail(engine):
    """Numbers without a parameter are an error; an empty list is not."""
    bell = QuantumCircuit(1)
    bell.measure_all()
    assert "no parameters" in fail(engine, "sampler", [[text_of(bell), [0.5]]]).reason
    [pub] = run(engine, "sampler", [[text_of(bell), [], 10]])
    assert pub.data.shape == ()


def test_defaults_follow_the_options(engine):
    """PUB before params before options before 4096; an estimator's shots before its precision."""
    text = text_of(two_registers())
    values = [0.1, 0.2]
    result = run(engine, "sampler", [[text, values], [text, values, 3]], shots=5)
    assert [pub.metadata["shots"] for pub in result] == [5, 3]
    [pub] = run(engine, "sampler", [[text, values]], options={"default_shots": 9})
    assert pub.data.first.num_shots == 9
    [pub] = run(engine, "sampler", [[text, values]])
    assert pub.metadata["shots"] == 4096
    for options, precision in [
        ({}, 0.015625),
        ({"default_precision": 0.1}, 0.1),
        ({"default_precision": 0.1, "default_shots": 400}, 0.05),
    ]:
        [pub] = run(engine, "estimator", [[text, "ZZZ", values]], options=options)
        assert pub.metadata["target_precision"] == precision
    [pub] = run(engine, "estimator", [[text, "ZZZ", values]], precision=0.2)
    assert pub.metadata["target_precision"] == 0.2


def test_idle_qubits_are_dropped_from_circuit_and_observables(engine):
    """A circuit of 127 qubits, three of them used, runs on three; idle qubits are in state 0."""
    circuit = QuantumCircuit(127, 2)
    circuit.h(100)
    circuit.cx(100, 3)
    circuit.delay(10, 55)
    circuit.barrier()
    observables = [
        SparsePauliOp.from_sparse_list([(letters, qubits, 1.0)], 127).paulis[0].to_label()
        for letters, qubits in [("XX", [3, 100]), ("ZZZ", [3, 100, 126]), ("X", [7]), ("Z", [55])]
    ]
    pub = [text_of(circuit), observables, None, 0]
    [estimated] = run(engine, "estimator", [pub])
    assert np.allclose(estimated.data.evs, [1, 1, 0, 1])
    circuit.measure([100, 3], [0, 1])
    [sampled] = run(engine, "sampler", [[text_of(circuit), None, 100]])
    assert set(sampled.data.c.get_counts()) == {"00", "11"}


def test_projectors_agree_with_quantum_info(engine):
    """Observables with letters 0 1 + - r l, alone and multiplied."""
    circuit = QuantumCircuit(2)
    circuit.ry(0.7, 0)
    circuit.rx(1.3, 1)
    circuit.cx(0, 1)
    state = Statevector(circuit)
    observables = ["0I", "1+", "-r", "lX", "01"]
    [pub] = run(engine, "estimator", [[text_of(circuit), observables, None, 0]])
    want = []
    for letters in observables:
        operator = None
        for letter in letters:
            factor = (
                np.outer(s := Statevector.from_label(letter).data, s.conj())
                if letter in "01+-rl"
                else SparsePauliOp(letter).to_matrix()
            )
            operator = factor if operator is None else np.kron(operator, factor)
        want.append(np.real(state.data.conj() @ operator @ state.data))
    assert np.allclose(pub.data.evs, want)


def test_a_long_vector_gets_its_values_by_declaration(engine):
    """Twelve elements of a vector, whose names sort in another order than their indices."""
    vector = ParameterVector("p", 12)
    circuit = QuantumCircuit(12)
    for qubit, parameter in enumerate(vector):
        circuit.ry(parameter, qubit)
    values = np.linspace(0, 3, 12)
    paulis = ["I" * (11 - i) + "Z" + "I" * i for i in range(12)]
    [pub] = run(engine, "estimator", [[text_of(circuit), paulis, values.tolist(), 0]])
    assert np.allclose(pub.data.evs, np.cos(values))


def test_a_circuit_that_memory_cannot_hold_fails_at_once(engine):
    """Sixty entangled qubits are refused before the simulation."""
    circuit = QuantumCircuit(60)
    circuit.h(range(60))
    circuit.measure_all()
    outcome = fail(engine, "sampler", [[text_of(circuit)]])
    assert "60 qubits" in outcome.reason
    assert "aer_stabilizer" in outcome.reason_solution


def test_no_points_give_an_empty_result(engine):
    """A sweep of length 0 has a result of length 0."""
    circuit = two_registers()
    values = {"a": [], "b": []}
    [pub] = run(engine, "sampler", [[text_of(circuit), values, 5]])
    assert pub.data.shape == (0,)
    assert pub.data.first.array.shape == (0, 5, 1)
    [pub] = run(engine, "estimator", [[text_of(circuit), "ZZZ", values]])
    assert pub.data.evs.shape == (0,)


@pytest.mark.parametrize(
    ("observable", "word"),
    [("ZZ", "2 qubits"), ("QQQ", "observable"), ({"ZZZ": 1, "Z": 1}, "observable")],
)
def test_a_wrong_observable_fails_with_its_position(engine, observable, word):
    """For a wrong width and for wrong letters."""
    outcome = fail(engine, "estimator", [[text_of(two_registers()), observable, [0, 0]]])
    assert "PUB 0" in outcome.reason
    assert word in outcome.reason


def test_shapes_that_do_not_broadcast_fail(engine):
    """The reason has both shapes."""
    pub = [text_of(two_registers()), ["ZZZ", "XXX"], [[0, 0]] * 3]
    outcome = fail(engine, "estimator", [pub])
    assert "(3,)" in outcome.reason
    assert "(2,)" in outcome.reason


def test_options_without_effect_are_listed(engine):
    """The result names options such as mitigation; applied options are not listed."""
    text = text_of(two_registers())
    options = {
        "default_precision": 0.1,
        "resilience": {"measure_mitigation": True, "zne": {"noise_factors": [1, 3]}},
        "dynamical_decoupling": {"enable": False},
        "twirling": {"enable_gates": True},
        "simulator": {"seed_simulator": 1},
    }
    result = run(engine, "estimator", [[text, "ZZZ", [0, 0]]], options=options, resilience_level=2)
    assert result.metadata["options_not_applied"] == [
        "options.resilience.measure_mitigation",
        "options.resilience.zne",
        "options.twirling.enable_gates",
        "resilience_level",
    ]
    plain = run(engine, "sampler", [[text, [0, 0]]], options=SEED)
    assert "options_not_applied" not in plain.metadata


def test_unclassified_measurements_are_refused(engine):
    """meas_type kerneled fails with a reason; classified runs."""
    pub = [text_of(two_registers()), [0, 0]]
    outcome = fail(engine, "sampler", [pub], options={"execution": {"meas_type": "kerneled"}})
    assert "meas_type" in outcome.reason
    run(engine, "sampler", [pub], options={"execution": {"meas_type": "classified"}})


def test_text_that_is_no_program_fails_with_its_position(engine):
    """The reason has line and column of the error."""
    outcome = fail(engine, "sampler", [["OPENQASM 3.0;\nqubit q;\nfoo q;"]])
    assert outcome.reason_code == 1603
    assert "line 3" in outcome.reason


def test_a_result_beyond_memory_is_refused(engine):
    """Shots that do not fit in memory are refused before anything runs."""
    text = text_of(two_registers())
    outcome = fail(engine, "sampler", [[text, [[0, 0]] * 20, 20_000_000]])
    assert "GiB" in outcome.reason
    outcome = fail(engine, "sampler", [[text, [[0, 0]] * 10, 20_000_000]] * 3)
    assert "PUB 1" in outcome.reason


def test_many_shots_are_drawn_in_parts(engine, monkeypatch):
    """In bounded memory, with the samples of a single draw."""
    monkeypatch.setattr(statevector, "SHOTS_AT_ONCE", 7)
    circuit = two_registers()
    [pub] = run(engine, "sampler", [[text_of(circuit), [0.4, 0.5], 50]], options=SEED)
    [expected] = StatevectorSampler(seed=42).run([(circuit, [0.4, 0.5])], shots=50).result()
    assert np.array_equal(pub.data.second.array, expected.data.second.array)


def test_shots_of_a_circuit_without_bits_are_limited(engine):
    """Its result has no bytes, but its shots take time."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; h q[0];'
    assert "GiB" in fail(engine, "sampler", [[text, None, 20_000_000]] * 60).reason


@pytest.mark.parametrize("backend", ["aer", "fake_5q"])
def test_shots_beyond_aers_memory_are_refused(engine, backend):
    """As a number of shots, and as a precision of measured observables."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0; x $0;'
    outcome = fail(engine, "sampler", [[text, None, 500_000_000]], backend=backend)
    assert "500,000,000 shots" in outcome.reason
    for precision in (1e-5, 1e-300):
        outcome = fail(engine, "estimator", [[text, "IIIIZ", None, precision]], backend=backend)
        assert "shots" in outcome.reason


@pytest.mark.slow
def test_declared_bits_are_limited(engine):
    """A short text can declare a hundred thousand bits."""
    pubs = [[f"OPENQASM 3.0; // {i}\nqubit[1] q; bit[100000] c;", None, 1] for i in range(25)]
    assert "PUB 19: the circuits of the job" in fail(engine, "sampler", pubs).reason
    assert run(engine, "sampler", pubs[:2])[1].data.c.num_bits == 100_000


def test_small_integers_count_with_their_size_after_conversion(engine):
    """A text of a hundred kilobytes can contain 128 million of them."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; input float p; qubit[1] q; rx(p) q[0];'
    values = encode_array(np.zeros((2**26, 1), np.uint8))
    assert "values; at most" in fail(engine, "estimator", [[text, "Z", values]]).reason


def test_a_tiny_precision_has_no_number_of_shots(engine):
    """A simulator without shots still computes the values."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; x q[0];'
    [pub] = run(engine, "estimator", [[text, "Z", None, 1e-300]])
    assert float(pub.data.evs) == pytest.approx(-1)
    assert pub.metadata["shots"] == 0


def test_an_observable_of_megabytes_is_refused_unread(engine):
    """Without delay, at any position."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0];'
    wide = "Z" * 5_000_000
    for observables in (wide, [["ZZ", wide]], {"ZZ": 1.0, wide: 2.0}):
        outcome = fail(engine, "estimator", [[text, observables]])
        assert "5000000 qubits" in outcome.reason


def test_the_order_of_initial_resets_does_not_matter(engine):
    """Resets of unused qubits are ignored; the samples are the reference's."""
    circuit = two_registers()
    text = text_of(circuit).replace("ry(a) q[0];", "reset q; ry(a) q[0];")
    assert "reset q" in text
    [pub] = run(engine, "sampler", [[text, [0.4, 0.5], 50]], options=SEED)
    [expected] = StatevectorSampler(seed=42).run([(circuit, [0.4, 0.5])], shots=50).result()
    assert np.array_equal(pub.data.second.array, expected.data.second.array)


def test_physical_qubits_are_as_wide_as_their_observables(engine):
    """A text with $0 and $2 has five qubits with observables of five letters."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; x $2; rx(0.4) $0;'
    [pub] = run(engine, "estimator", [[text, [{"IIZII": 1}, {"ZIIIZ": 1}], None, 0]])
    assert np.allclose(pub.data.evs, [-1, np.cos(0.4)])


def test_a_single_parameter_without_values_fails(engine):
    """For None and for an empty list."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("a"), 0)
    for values in (None, []):
        assert "1 parameter" in fail(engine, "estimator", [[text_of(circuit), "Z", values]]).reason


def test_too_many_projectors_are_refused(engine):
    """Their sum of Paulis would not fit in memory."""
    circuit = QuantumCircuit(40)
    circuit.h(0)
    outcome = fail(engine, "estimator", [[text_of(circuit), "0" * 40]])
    assert "40 projectors" in outcome.reason


def test_shots_of_zero_are_refused(engine):
    """A default of 0 shots is an error."""
    outcome = fail(
        engine, "sampler", [[text_of(two_registers()), [0, 0]]], options={"default_shots": 0}
    )
    assert "at least 1" in outcome.reason


def test_values_that_are_not_finite_numbers_fail(engine):
    """NaN in an array, text and ragged lists are refused with their PUB."""
    text = text_of(two_registers())
    nan = encode_array(np.array([0.1, np.nan]))
    for values in (nan, ["x", "y"], [[0.1, 0.2], [0.3]]):
        assert "PUB 0" in fail(engine, "sampler", [[text, values]]).reason


def test_a_circuit_without_registers_has_an_empty_result(engine):
    """The result has metadata, but no registers."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    [pub] = run(engine, "sampler", [[text_of(circuit), None, 7]])
    assert list(pub.data.keys()) == []
    assert pub.metadata["shots"] == 7


def test_samples_as_text_take_more_memory(engine):
    """Plain JSON has a sample of a bit in eight characters; what fits in memory is counted so."""
    pubs = [["OPENQASM 3.0; bit[1] c; qubit[1] q; c = measure q;", None, 20_000_000]] * 7
    assert "PUB 6" in fail(engine, "sampler", pubs, support_qiskit=False).reason
