"""Memory that large work has freed goes back to the system."""

from __future__ import annotations

import subprocess
import sys

from qiskit_rest_primitives.local.engine.base.freed_memory import (
    WORTH_BYTES,
    FreedMemory,
    resident_bytes,
)

PROGRAM = """
import threading
from qiskit_rest_primitives.local.engine.base import freed_memory

freed_memory.return_large_blocks()
before = freed_memory.resident_bytes()

def work():
    for _ in range(3):
        block = bytearray(b"x") * (20 << 20)
        del block

thread = threading.Thread(target=work)
thread.start()
thread.join()
freed_memory.FreedMemory().give_back()
print(freed_memory.resident_bytes() - before)
"""


def test_a_large_block_of_a_thread_goes_back() -> None:
    """Otherwise the thread's heap would keep 20 MB."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 8 << 20


def test_memory_is_looked_through_when_the_process_has_grown() -> None:
    """Not before, and after that not until it has grown again."""
    sizes = [100]
    trimmed: list[int] = []

    def trim() -> None:
        trimmed.append(sizes[0])
        sizes[0] = 150

    freed = FreedMemory(lambda: sizes[0], trim)
    for size in (100, 100 + WORTH_BYTES, 101 + WORTH_BYTES, 150 + WORTH_BYTES, 40, 100):
        sizes[0] = size
        freed.give_back()
    assert trimmed == [101 + WORTH_BYTES]
    sizes[0] = 41 + WORTH_BYTES
    freed.give_back()
    assert len(trimmed) == 2


PIECES = """
from qiskit_rest_primitives.local.engine.base.freed_memory import FreedMemory, resident_bytes

freed = FreedMemory()
before = resident_bytes()
pieces = [bytes(2000) for _ in range(40_000)]
last = pieces[-1]
del pieces
grown = resident_bytes() - before
freed.give_back()
print(grown, resident_bytes() - before)
"""


def test_pieces_between_others_go_back() -> None:
    """80 MB in small pieces below one that is in use; the C library alone keeps them."""
    done = subprocess.run(
        [sys.executable, "-c", PIECES], capture_output=True, text=True, check=True, timeout=120
    )
    grown, left = map(int, done.stdout.split())
    assert grown > 60 << 20
    assert left < 20 << 20


def test_a_process_that_has_ended_has_no_memory() -> None:
    """Nor has any other that can't be asked."""
    assert resident_bytes() > 0
    assert resident_bytes(0) == 0
