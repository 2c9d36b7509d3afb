"""Files and folders of the package are private, and not behind links that others made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from qiskit_rest_primitives.jobs.files import durable_files
from qiskit_rest_primitives.jobs.files.durable_files import make_state_folder, open_own, write_whole
from qiskit_rest_primitives.jobs.submission.journal import Journal

REQUEST = {"url": "u", "instance": "crn", "program_id": "sampler", "backend": "sim"}


def mode(path: Path) -> int:
    """The permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_journal_closes_its_folder_to_writers(tmp_path: Path) -> None:
    """An existing folder of mode 777 becomes 755; a file that others could read becomes 600."""
    tmp_path.chmod(0o777)
    journal = Journal(tmp_path)
    journal.path.touch()
    journal.path.chmod(0o666)
    journal.starts("one", **REQUEST)
    assert (mode(tmp_path), mode(journal.path)) == (0o755, 0o600)


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    """Nobody else can look into it."""
    make_state_folder(tmp_path / "state")
    assert mode(tmp_path / "state") == 0o700


def test_a_folder_of_somebody_else_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mode is not ours to change."""
    tmp_path.chmod(0o777)
    monkeypatch.setattr(durable_files.os, "geteuid", lambda: 12345)
    make_state_folder(tmp_path)
    assert mode(tmp_path) == 0o777


def test_a_file_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They could read and change what is written to it."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(durable_files.os, "geteuid", lambda: 12345)
    with pytest.raises(PermissionError, match="file belongs to another user"):
        open_own(tmp_path / "file", os.O_RDWR)


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """By a file that is written whole."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "file").symlink_to(victim)
    write_whole(tmp_path / "file", b"content")
    assert not (tmp_path / "file").is_symlink()
    assert (victim.read_text(), mode(tmp_path / "file")) == ("mine", 0o600)
