"""`qiskit-rest prune` and `backup`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qiskit_rest_primitives.local.store import StorageFullError, Store, prune
from tests.cli.conftest import call

JOB = {
    "user": "u",
    "instance": "i",
    "program": "sampler",
    "backend": "b",
    "created": 1.0,
    "cost": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A data folder with two finished jobs of a hundred bytes each."""
    with Store(tmp_path / "data") as store:
        for number in range(2):
            fields = {"id": f"job{number}", "status": "Completed", "finished": float(number)}
            store.insert("jobs", JOB | fields | {"result_size": 100})
    return str(tmp_path / "data")


def test_prune_prints_what_it_deleted(folder: str) -> None:
    """Says what it deleted and what is left, as text or JSON."""
    result = call("prune", "--data-dir", folder, "--keep-bytes", "100")
    assert result.exit_code == 0
    assert result.stderr == "deleted 1 jobs; those that are left take 0.0 MB\n"
    result = call("prune", "--data-dir", folder, "--older-than", "30d", "--json")
    assert json.loads(result.stdout) == {"deleted": 1, "bytes": 0}


def test_backup_prints_what_it_copied(folder: str, tmp_path: Path) -> None:
    """Says what the copy has, as text or JSON."""
    first, second = str(tmp_path / "one"), str(tmp_path / "two")
    result = call("backup", "--data-dir", folder, first)
    assert result.stderr == f"{first} has 2 jobs\n"
    result = call("backup", "--data-dir", first, second, "--json")
    assert json.loads(result.stdout) == {"jobs": 2, "folder": second}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["prune", "--data-dir", "{0}"], "give --older-than, --keep-bytes, or both"),
        (["prune", "--data-dir", "{0}", "--older-than", "soon"], "--older-than: write hours"),
        (["prune", "--data-dir", "{0}", "--keep-bytes", "all"], "--keep-bytes: write a number"),
        (["prune", "--data-dir", "{1}", "--keep-bytes", "1"], "not the data folder of a service"),
        (["backup", "--data-dir", "{0}", "{0}"], "is not empty"),
    ],
)
def test_wrong_arguments_are_named(
    folder: str, tmp_path: Path, words: list[str], message: str
) -> None:
    """Exit code 2, with what to write instead."""
    result = call(*(word.format(folder, tmp_path) for word in words))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_full_disk_is_exit_code_1(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1."""

    def full(*_: object) -> None:
        raise StorageFullError("disk I/O error")

    monkeypatch.setattr(prune, "prune_folder", full)
    result = call("prune", "--data-dir", folder, "--keep-bytes", "1")
    assert result.exit_code == 1
    assert "disk I/O error" in result.stderr
