"""Gives mutated bodies to a reader, and measures its time and memory."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

SPARE_BYTES = 64 << 20
"""What a body may take beside four times its size."""


def fuzz(
    count: int,
    seed: int,
    make: Callable[[random.Random], tuple[bytes, Callable[[bytes], object]]],
    refusals: tuple[type[Exception], ...],
) -> dict[str, float]:
    """Reads mutated bodies; raises AssertionError with the body's number at the first failure.

    Args:
        count: of bodies.
        seed: of all of them.
        make: makes a body, and the function that reads it or raises one of `refusals`.
        refusals: what a body that is wrong may raise, with a short message.

    Returns:
        How many were accepted and refused, the longest processor time in seconds, and the highest
        peak as a fraction of the limit.
    """
    figures = {"accepted": 0.0, "refused": 0.0, "seconds": 0.0, "memory": 0.0}
    for number in range(count):
        data, read = make(random.Random(seed * 1_000_003 + number))
        measured = number % 50 == 0
        if measured:
            forget_peak()
            before = peak_bytes()
        begin = time.process_time()
        try:
            read(data)
            figures["accepted"] += 1
        except refusals as error:
            if not 0 < len(str(error)) < 1000:
                raise AssertionError(f"body {number}: a message of {len(str(error))}") from error
            figures["refused"] += 1
        except Exception as error:
            raise AssertionError(f"body {number}: {type(error).__name__}: {error}") from error
        figures["seconds"] = max(figures["seconds"], time.process_time() - begin)
        if measured:
            used = (peak_bytes() - before) / (4 * len(data) + SPARE_BYTES)
            figures["memory"] = max(figures["memory"], used)
    return figures


def peak_bytes() -> int:
    """Returns the highest resident memory since the last `forget_peak`, in bytes; 0 off Linux."""
    if not os.path.exists("/proc/self/clear_refs"):
        return 0
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Starts counting the highest resident memory anew."""
    if not os.path.exists("/proc/self/clear_refs"):
        return
    with open("/proc/self/clear_refs", "w") as control:
        control.write("5")
