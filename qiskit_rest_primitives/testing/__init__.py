"""For tests of code that uses this package: recordings of jobs, and what fixtures are made of.

::

    from qiskit_rest_primitives.testing import record, replay

    with record("vqe.jsonl"):    # once, with a real account
        run_my_program()

    with replay("vqe.jsonl"):    # in every test: no network, no account, the same results
        run_my_program()

The fixtures and markers of the pytest plugin are described in `pytest_qiskit_rest`, a module of its
own, so that a test suite that does not use them does not import this package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_rest_primitives.testing.recording import record
    from qiskit_rest_primitives.testing.recording_file import RecordingError
    from qiskit_rest_primitives.testing.replaying import Replay, replay
    from qiskit_rest_primitives.testing.request_journal import RequestJournal

__all__ = ["RecordingError", "Replay", "RequestJournal", "record", "replay"]

_HOMES = {
    "RecordingError": "recording_file",
    "Replay": "replaying",
    "RequestJournal": "request_journal",
    "record": "recording",
    "replay": "replaying",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
