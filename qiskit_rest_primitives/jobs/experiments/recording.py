"""Where runs are recorded: in the experiment that is open, if there is one."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from qiskit_rest_primitives.backend import RestBackend, is_own_object
from qiskit_rest_primitives.jobs.experiments.recorder import Recorder

# The recorder of the experiment that is open, for all threads.
_open: Recorder | None = None
# Another one, or none, for the current thread: a job that sends more jobs stays in its experiment.
_instead: ContextVar[tuple[Recorder | None] | None] = ContextVar("qiskit_rest_recorder")


def open_recorder() -> Recorder | None:
    """The recorder that runs go to now; None outside of experiments."""
    instead = _instead.get(None)
    return _open if instead is None else instead[0]


def set_open_recorder(recorder: Recorder | None) -> None:
    """Sends the runs of all threads to a recorder, or to none."""
    global _open
    _open = recorder


@contextmanager
def recording_to(recorder: Recorder | None) -> Generator[None]:
    """Sends the runs of this thread to a recorder, or to none, whatever experiment is open."""
    before = _instead.set((recorder,))
    try:
        yield
    finally:
        _instead.reset(before)


def recorder_for(backend: RestBackend) -> Recorder | None:
    """The recorder for a run on that backend; warns once if the run can't be recorded."""
    recorder = open_recorder()
    if recorder is None or not is_own_object(backend):
        return recorder
    recorder.say_once(
        f"runs on {backend.name} are not recorded in the experiment: the backend is an object of "
        "this process, and a later process can't tell whether it has the same one"
    )
    return None
