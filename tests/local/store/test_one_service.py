"""One service a folder."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_rest_primitives.local import LocalService
from qiskit_rest_primitives.local.store import Store

HOLDS = """
import sys, time
from qiskit_rest_primitives.local.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
time.sleep(600)
"""


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    """With the folder and the cure; the first one goes on, and then another may have it."""
    with LocalService(folder=tmp_path) as first:
        with pytest.raises(ValueError, match=f"{tmp_path} is in use by another service.*stop that"):
            LocalService(folder=tmp_path).start()
        assert first.running
        Store(tmp_path, alone=False).close()
    with LocalService(folder=tmp_path) as second:
        assert second.running


@pytest.mark.slow
def test_a_killed_one_leaves_the_folder_free(tmp_path: Path) -> None:
    """However a process ends, its lock ends with it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        with pytest.raises(ValueError, match="in use"):
            Store(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait(60)
    Store(tmp_path).close()
