"""docs/migrating.md is what the comparison finds, and the comparison misses no name."""

from __future__ import annotations

import pytest

from tests.compat.__main__ import main
from tests.compat.page import PAGE, page
from tests.compat.table import Row, rows, stale


@pytest.fixture(scope="module")
def found() -> list[Row]:
    """Every public name of the installed official client."""
    return rows()


def test_every_official_name_has_a_verdict(found: list[Row]) -> None:
    """What is not the same has its reason in `reasons` or `absent_names`."""
    assert {row.key: row.reason for row in found if row.verdict == "unknown"} == {}
    assert len(found) > 300


def test_no_reason_is_left_over(found: list[Row]) -> None:
    """A reason for a name that is gone, or for an absent one that is there now."""
    assert stale(found) == []


def test_the_page_is_the_one_that_is_committed(found: list[Row]) -> None:
    """Run python -m tests.compat to write it anew."""
    assert PAGE.read_text("utf-8") == page(found)


def test_a_new_class_of_the_official_client_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a module that offers it."""
    import qiskit_ibm_runtime

    new = type("Annealer", (), {"__module__": "qiskit_ibm_runtime.annealer"})
    monkeypatch.setattr(qiskit_ibm_runtime, "Annealer", new, raising=False)
    assert unknown() == {"Annealer": "no such name"}


def test_a_new_method_of_the_official_client_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the class that has it."""
    import qiskit_ibm_runtime

    monkeypatch.setattr(qiskit_ibm_runtime.RuntimeJobV2, "pause", lambda self: None, raising=False)
    assert unknown() == {"RuntimeJobV2.pause": "no such attribute"}


def test_a_new_parameter_of_the_official_client_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where only its place or its default is another one."""
    import qiskit_ibm_runtime

    job = qiskit_ibm_runtime.RuntimeJobV2
    monkeypatch.setattr(job, "logs", lambda self, lines=3: "")
    monkeypatch.setattr(job, "usage", lambda self, partial=True: 0.0)
    monkeypatch.setattr(job, "update_tags", lambda self, old, new_tags: [])
    assert unknown() == {
        "RuntimeJobV2.logs": "no parameter lines",
        "RuntimeJobV2.usage": "parameter partial has another default",
        "RuntimeJobV2.update_tags": "no parameter old",
    }


def unknown() -> dict[str, str]:
    """Names without a verdict now."""
    return {row.key: row.reason for row in rows() if row.verdict == "unknown"}


def test_the_program_checks_without_writing(capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m tests.compat --short`` says how many names there are."""
    assert main(["--short"]) == 0
    assert "names, each with its verdict" in capsys.readouterr().out
