"""The journal: lines of many processes, none lost, even in a damaged file."""

from __future__ import annotations

import errno
import gc
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_rest_primitives.concurrency import file_lock
from qiskit_rest_primitives.jobs.submission import journal
from qiskit_rest_primitives.jobs.submission.journal import Journal

PLACE = {"url": "http://service.example/v1", "instance": "crn"}
REQUEST = {**PLACE, "program_id": "sampler", "backend": "sim"}

WRITES = """
import sys
from pathlib import Path
from qiskit_rest_primitives.concurrency import file_lock
from qiskit_rest_primitives.jobs.submission import journal
journal.COMPACT_BYTES = 5_000
kept = journal.Journal(Path(sys.argv[1]))
for number in range(200):
    tag = f"{sys.argv[2]}-{number}"
    kept.starts(tag, url="http://service.example/v1", instance="crn", program_id="sampler",
                backend="sim")
    if number % 10:
        kept.ends(tag, "a-job")
"""


def open_tags(folder: Path) -> set[str]:
    """Tags whose outcome is unknown."""
    return {line["tag"] for line in Journal(folder).open_submissions(**PLACE)}


@pytest.mark.slow
def test_processes_share_a_journal_while_it_is_compacted(tmp_path: Path) -> None:
    """The last line of each tag survives many rewrites."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, str(tmp_path), str(name)])
        for name in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert open_tags(tmp_path) == {f"{n}-{k}" for n in range(4) for k in range(0, 200, 10)}
    assert Journal(tmp_path).path.stat().st_size < 40_000
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_other_lines_are_skipped(tmp_path: Path) -> None:
    """A line cut off by a crash, other JSON, and bytes that are not UTF-8."""
    kept = Journal(tmp_path)
    kept.starts("one", **REQUEST)
    with kept.path.open("ab") as file:
        file.write(b'{"tag": "cut", "url"\n[1]\n{"tag": 7}\n{"tag": "no time"}\n\xff\xfe\n')
        file.write(b'{"fate": "x"}\n{"tag": "bad time", "at": "yesterday"}\n')
    kept.starts("two", **REQUEST)
    assert open_tags(tmp_path) == {"one", "two"}
    kept.ends("one", "a-job")
    assert open_tags(tmp_path) == {"two"}


def test_an_unwritable_folder_gives_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Jobs are submitted without a journal."""
    tmp_path.joinpath("file").write_text("in the way")
    kept = Journal(tmp_path / "file")
    with caplog.at_level(logging.WARNING):
        kept.starts("one", **REQUEST)
        kept.ends("one", "a-job")
    assert caplog.text.count("write the submission journal") == 1
    assert kept.open_submissions(**PLACE) == []


def test_a_journal_is_written_without_file_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no fcntl."""
    monkeypatch.setattr(file_lock, "fcntl", None)
    monkeypatch.setattr(journal, "COMPACT_BYTES", 500)
    kept = Journal(tmp_path)
    for number in range(20):
        kept.starts(f"{number}", **REQUEST)
        kept.ends(f"{number}", "a-job")
    kept.starts("last", **REQUEST)
    assert open_tags(tmp_path) == {"last"}
    assert kept.path.stat().st_size < 1_000


def test_a_replaced_file_gets_no_more_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process notices that another one has compacted the journal, or deleted its folder."""
    one, other = Journal(tmp_path / "state"), Journal(tmp_path / "state")
    one.starts("one", **REQUEST)
    monkeypatch.setattr(journal, "COMPACT_BYTES", 10)
    other.starts("two", **REQUEST)
    other.ends("two", "a-job")
    monkeypatch.undo()
    one.starts("three", **REQUEST)
    assert open_tags(tmp_path / "state") == {"one", "three"}
    shutil.rmtree(tmp_path / "state")
    one.starts("four", **REQUEST)
    assert open_tags(tmp_path / "state") == {"four"}


def test_a_stale_handle_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another computer has replaced the file, which lies on a network file system."""
    kept, write = Journal(tmp_path), os.write
    kept.starts("one", **REQUEST)

    def stale(*_: object) -> int:
        monkeypatch.setattr(os, "write", write)
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(os, "write", stale)
    kept.starts("two", **REQUEST)
    assert open_tags(tmp_path) == {"one", "two"}


def test_no_link_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody who may write in the folder can't make us append to another file."""
    victim = tmp_path / "victim"
    victim.write_text("")
    Journal(tmp_path).path.symlink_to(victim)
    with caplog.at_level(logging.WARNING):
        Journal(tmp_path).starts("one", **REQUEST)
    assert "write the submission journal" in caplog.text
    assert victim.read_text() == ""


def test_an_unused_journal_closes_its_file(tmp_path: Path) -> None:
    """A journal that nobody uses any more closes its file."""
    kept = Journal(tmp_path)
    kept.starts("one", **REQUEST)
    handle = kept._file._handle
    kept_file = os.fstat(handle)
    del kept
    gc.collect()
    try:
        reused = os.fstat(handle)  # the number may belong to another file by now
    except OSError:
        return
    assert not os.path.samestat(kept_file, reused)


def test_only_the_first_process_compacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds a short file, once it has the lock, and leaves it as it is."""
    kept = Journal(tmp_path)
    kept.starts("one", **REQUEST)
    kept.ends("one", "a-job")
    monkeypatch.setattr(journal.AppendedFile, "append", lambda *_: journal.COMPACT_BYTES + 1)
    before = kept.path.read_bytes()
    kept.ends("two", "a-job")
    assert kept.path.read_bytes() == before
