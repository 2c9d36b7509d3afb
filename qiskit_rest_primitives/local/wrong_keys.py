"""Wrong keys are slowed down. In: an address that sent one. Out: how long its reply waits.

A right key is never slowed down, whatever others send from its address: behind a proxy, or in a
class room, all users have one. Keys can't be guessed anyway; this keeps guessing from taking the
machine's time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

FREE: Final = 20
"""Wrong keys of an address that are answered at once: a program with an old key, tried again."""
STEP_SECONDS: Final = 0.1
MOST_SECONDS: Final = 2.0
FORGOTTEN_SECONDS: Final = 60.0
ADDRESSES: Final = 4096
"""That are remembered; beyond it, those that were wrong longest ago are forgotten."""
WAITING: Final = 16
"""Replies to an address that wait at the same time; one more is answered 429 at once."""


class WrongKeys:
    """Counts wrong keys by address. For one thread.

    Args:
        clock: monotonic seconds.

    >>> wrong = WrongKeys()
    >>> {wrong.delay_seconds("10.0.0.7") for _ in range(20)}, wrong.delay_seconds("10.0.0.7")
    ({0.0}, 0.1)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.waiting: dict[str, int] = {}
        """Replies that wait, by address."""

    def delay_seconds(self, address: str) -> float:
        """Counts a wrong key, and says how long its reply waits."""
        address, now = network_of(address), self._clock()
        count, last = self._failures.pop(address, (0, now))
        count = 1 if now - last >= FORGOTTEN_SECONDS else count + 1
        self._failures[address] = count, now
        if len(self._failures) > ADDRESSES:
            self._failures.popitem(last=False)
        return max(0.0, min((count - FREE) * STEP_SECONDS, MOST_SECONDS))


def network_of(address: str) -> str:
    """What one client can choose its addresses from: all of an IPv6 network of 64 bits."""
    try:
        ip = ip_address(address)
    except ValueError:  # not an address: a socket of the file system
        return address
    if not isinstance(ip, IPv6Address):
        return address
    return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))
