"""The program of a worker process: reads calls from stdin, writes answers to stdout."""

from __future__ import annotations

import os
import pickle
import sys
from typing import IO, Any

from qiskit_rest_primitives.local.engine.base.freed_memory import FreedMemory
from qiskit_rest_primitives.local.engine.base.worker_processes import read_message, write_message
from qiskit_rest_primitives.local.engine.executors.workers import warm_up


def main() -> None:
    """Answers calls until the input ends."""
    # Libraries print to standard output; the answers must not mix with that.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warm_up()
    serve(sys.stdin.buffer, answers)


def serve(calls: IO[bytes], answers: IO[bytes]) -> None:
    """Runs each call and writes its result, or the exception it raised."""
    freed = FreedMemory()
    while (message := read_message(calls)) is not None:
        write_message(answers, _answer(message))
        del message
        freed.give_back()


def _answer(message: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(message)
        answer: Any = function(*arguments)
    except BaseException as error:  # Rust code inside Qiskit panics with a BaseException
        answer = error
    try:
        text = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        if isinstance(answer, BaseException):
            pickle.loads(text)  # some exceptions can be pickled but not unpickled
    except Exception:
        return pickle.dumps(RuntimeError(f"{type(answer).__name__}: {answer}"))
    return text


if __name__ == "__main__":
    main()
