"""Folders and files of the service are its own and private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService, folders
from qiskit_rest_primitives.local.folders import open_own, private_folder
from qiskit_rest_primitives.local.store import Store

FLAGS = os.O_RDWR | os.O_CREAT


def mode(path: Path) -> int:
    """The permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_others_can_no_longer_write_to_the_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An existing folder of mode 777 becomes 755, and the log says so."""
    tmp_path.chmod(0o777)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o755
    assert f"others could write to {tmp_path}; now only its owner can" in caplog.text


def test_a_folder_of_somebody_else_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mode is not ours to change; the warning has the cure."""
    tmp_path.chmod(0o777)
    monkeypatch.setattr(folders.os, "geteuid", lambda: 12345)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o777
    assert "can replace files of the service: take a folder of your own" in caplog.text


def test_a_folder_behind_a_link_is_used(tmp_path: Path) -> None:
    """As systemd makes its state folders; what is in it is checked."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with Store(tmp_path / "link"):
        assert (tmp_path / "real" / "service.sqlite").is_file()


@pytest.mark.parametrize("name", ["service.sqlite", "service.lock", "signing.key", "bodies"])
def test_the_service_follows_no_links(tmp_path: Path, name: str) -> None:
    """A link in its folder is an error that names it; what it leads to is untouched."""
    victim = tmp_path / "victim"
    victim.mkdir() if name == "bodies" else victim.write_text("")
    victim.chmod(0o755)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).symlink_to(victim)
    service = LocalService(folder=folder)
    with pytest.raises(OSError, match=f"{name} is a link, which is not followed: remove it"):
        service.start()
    assert mode(victim) == 0o755


def test_an_existing_file_becomes_private(tmp_path: Path) -> None:
    """Whatever mode it had."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    path.chmod(0o666)
    with open_own(path, os.O_RDONLY) as file:
        assert file.read() == b"content"
    assert mode(path) == 0o600


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """A pipe, which would keep the service waiting, and a folder."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe is not a regular file: remove it"):
        open_own(tmp_path / "pipe", FLAGS)
    with pytest.raises(IsADirectoryError):
        open_own(tmp_path, FLAGS)


def test_a_file_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could be changed later; root's are trusted."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:
        monkeypatch.setattr(folders.os, "geteuid", lambda: 12345)
    with pytest.raises(OSError, match="file belongs to another user: remove it"):
        open_own(path, FLAGS)
