"""What notebooks show of results: registers, counts, values, and what mitigation did."""

from __future__ import annotations

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult, StatevectorEstimator

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, RestBackend, SamplerV2
from qiskit_rest_primitives.display.mitigation_words import mitigation_of
from qiskit_rest_primitives.display.notebooks import show_results_as_cards
from qiskit_rest_primitives.display.result_card import bits_card, data_card, pub_card, result_card
from tests.display.markup import Card


def shown(markup: str) -> Card:
    """The parsed card."""
    found = Card(markup)
    found.check_readable()
    return found


def test_the_card_shows_counts_of_each_register(backend: RestBackend) -> None:
    """Each register with bits, shape and shots; the outcomes are Qiskit's."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.measure_all()
    result = SamplerV2(backend, seed=1).run([circuit], shots=100).result(timeout=60)
    read = shown(result_card(result))
    assert read.table("Registers").rows[1] == ["meas", "3", "()", "100"]
    rows = read.table("meas: most frequent outcomes").rows[1:]
    assert {row[0]: int(row[1]) for row in rows} == result[0].data.meas.get_counts()
    assert "PUB 0: meas (3 bits), 100 shots" in read.text


def test_many_outcomes_and_points_are_summed_up() -> None:
    """The eight most frequent ones, and how many more there are; long outcomes are cut."""
    rng = np.random.default_rng(1)
    bits = BitArray(rng.integers(0, 256, (3, 50, 16), dtype=np.uint8) // 2, 127)
    read = shown(bits_card(bits))
    table = read.table("samples: most frequent outcomes of all 3 points together")
    assert len(table.rows) == 9
    assert "142 more outcomes, 142 samples" in read.text
    assert len(table.rows[1][0]) == 39


def test_more_samples_than_can_be_sorted_at_once() -> None:
    """The caption says that not all were counted."""
    bits = BitArray(np.zeros((300_000, 1), dtype=np.uint8), 1)
    read = shown(bits_card(bits))
    table = read.table("samples: most frequent outcomes, of the first 200000 samples")
    assert table.rows[1][:3] == ["0", "200000", "100.0 %"]


def test_one_expectation_value(backend: RestBackend) -> None:
    """The value with its standard error, the shots and the precision that was asked for."""
    circuit = QuantumCircuit(1)
    result = EstimatorV2(backend).run([(circuit, "Z")], precision=0.1).result(timeout=60)
    read = shown(result_card(result))
    (_, value, spread) = read.table("Expectation value").rows[1]
    assert value == f"{float(result[0].data.evs):.2f}"
    assert spread == "0.10"
    assert read.table("How it was measured").facts["precision asked for"] == "0.1"


def test_values_have_the_places_of_their_errors() -> None:
    """Two digits of the smallest error; a column has the same number of places throughout."""
    evs, stds = np.array([0.9964, 1.0]), np.array([0.0123, 0.1])
    rows = shown(data_card(DataBin(evs=evs, stds=stds, shape=(2,)))).table("Values of points").rows
    assert rows[1:] == [["[0]", "0.996", "0.012"], ["[1]", "1.000", "0.100"]]


def test_a_sweep_is_plotted() -> None:
    """With smallest, largest and mean in words, for those who can't see the plot."""
    theta = Parameter("t")
    circuit = QuantumCircuit(1)
    circuit.ry(theta, 0)
    values = np.linspace(0, np.pi, 20)
    pub = StatevectorEstimator().run([(circuit, "Z", values)]).result()[0]
    read = shown(pub_card(pub))
    about = read.table("Expectation values").facts
    assert about["largest"] == "1 at [0]"
    assert about["smallest"] == "-1 at [19]"
    (label,) = (label for label in read.labels if label.startswith("Plot of"))
    assert "smallest -1 at [19]" in label


def test_values_that_are_missing() -> None:
    """NaN is counted, not plotted."""
    evs = np.array([0.1, np.nan, 0.3, 0.4])
    read = shown(data_card(DataBin(evs=evs, stds=np.full(4, np.nan), shape=(4,))))
    assert read.tables[0].facts["without a value"] == "1"
    assert not np.isnan(float(read.tables[0].facts["mean"]))
    all_nan = shown(data_card(DataBin(evs=np.full(3, np.nan), shape=(3,))))
    assert all_nan.tables[0].facts["without a value"] == "3"


def test_empty_results_have_cards() -> None:
    """Neither PUBs, nor registers, nor shots, nor bits."""
    assert "Result of 0 PUBs" in shown(result_card(PrimitiveResult([]))).text
    assert "nothing was measured" in shown(pub_card(PubResult(DataBin()))).text
    assert "no samples" in shown(bits_card(BitArray(np.zeros((0, 1), dtype=np.uint8), 1))).text


def test_other_fields_are_named() -> None:
    """Such as complex points of kerneled measurements."""
    read = shown(data_card(DataBin(meas=np.zeros((2, 5), dtype=complex), shape=(2,))))
    assert read.table("All fields").rows[1] == ["meas", "(2, 5)", "complex128"]


def test_the_card_shows_mitigation(service: QiskitRuntimeService) -> None:
    """Readout errors on a device at level 1, in the words of the metadata."""
    device = service.backend("fake_5q")
    options = {"twirling": {"enable_gates": False}, "dynamical_decoupling": {"enable": True}}
    job = EstimatorV2(device, options=options).run([(QuantumCircuit(5), "Z" * 5)])
    result = job.result(timeout=60)
    about = shown(result_card(result)).table("Error suppression").facts
    assert about["measurement errors"] == "mitigated (TREX)"
    assert about["dynamical decoupling"] == "XX"


def test_all_kinds_of_mitigation_in_words() -> None:
    """ZNE's factors and fits, PEC and twirling."""
    metadata = {
        "resilience": {
            "zne_mitigation": True,
            "zne": {"noise_factors": [1, 3], "extrapolator": ["linear"]},
            "pec_mitigation": True,
        },
        "twirling": {"enable_gates": True, "enable_measure": True},
    }
    assert mitigation_of(metadata) == {
        "zero-noise extrapolation": "noise factors 1, 3; fits linear",
        "probabilistic error cancellation": "yes",
        "twirling": "two-qubit gates and measurements",
    }


def test_options_without_effect_are_named() -> None:
    """With the service's advice."""
    metadata = {"options_not_applied": ["twirling.<b>"], "options_not_applied_cure": "install it"}
    read = shown(result_card(PrimitiveResult([], metadata=metadata)))
    assert "Options that nothing acted on: twirling.<b>. install it" in read.text


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A new IPython shell with formatters of its own, which is not the running one."""
    # IPython warns if a shell activated an environment that is not the one of this process.
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return InteractiveShell()


def test_ipython_learns_the_cards(shell: InteractiveShell, backend: RestBackend) -> None:
    """Of results, PUBs, data and bits, which are Qiskit's classes."""
    show_results_as_cards(shell)
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    result = SamplerV2(backend).run([circuit], shots=10).result(timeout=60)
    formatter = shell.display_formatter.formatters["text/html"]
    for thing in (result, result[0], result[0].data, result[0].data.meas):
        assert "most frequent outcomes" in formatter(thing)


def test_a_formatter_of_the_users_stays(shell: InteractiveShell) -> None:
    """Whether it was registered by type or by name; a second call changes nothing."""
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(PrimitiveResult, lambda result: "mine")
    formatter.for_type_by_name(BitArray.__module__, "BitArray", lambda bits: "mine too")
    show_results_as_cards(shell)
    show_results_as_cards(shell)
    assert formatter(PrimitiveResult([])) == "mine"
    assert formatter(BitArray(np.zeros((1, 1), dtype=np.uint8), 1)) == "mine too"
    assert "nothing was measured" in formatter(PubResult(DataBin()))
