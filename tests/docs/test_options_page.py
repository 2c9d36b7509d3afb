"""docs/options.md: every option, as it is defined."""

from __future__ import annotations

from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.wire.request.option_group import paths
from tests.docs import options_table
from tests.docs.__main__ import PAGE


def test_the_tables_are_those_of_the_definitions() -> None:
    """The page is what `python -m tests.docs` writes."""
    page = PAGE.read_text("utf-8")
    assert page == options_table.with_tables(page), "run python -m tests.docs"


def test_the_tables_have_every_option() -> None:
    """Names and groups of both primitives occur."""
    tables = options_table.tables()
    every = {**paths(SamplerOptions), **paths(EstimatorOptions)}
    names = {path: path.rpartition(".")[2] for path in every}
    missing = {
        path
        for path, name in names.items()
        if f"`{name}`" not in tables and f"`{path}`" not in tables
    }
    assert missing == set()


def test_the_tables_say_who_acts() -> None:
    """A seed acts on simulators alone, mitigation where noise is, a rate on devices."""
    lines = [line for line in options_table.tables().splitlines() if line.startswith("| `")]
    acts = {line.split("`")[1]: line.split("|")[-2].strip() for line in lines}
    assert acts["default_precision"] == "all"
    assert acts["seed_simulator"] == "statevector, aer, devices"
    assert acts["noise_model"] == "aer"
    assert acts["noise_factors"] == "aer with noise, devices, IBM"
    assert acts["rep_delay"] == "devices, IBM"
    assert acts["split"] == "client"
