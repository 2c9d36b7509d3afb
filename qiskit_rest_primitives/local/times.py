"""Seconds since the epoch <-> ISO 8601 in UTC, the only form of time on the wire."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Final, overload

DAY_SECONDS: Final = 86_400


def wall_clock() -> float:
    """Seconds since the epoch, in whole microseconds as :func:`iso_time` writes them."""
    return round(time.time(), 6)


@overload
def iso_time(seconds: float) -> str: ...
@overload
def iso_time(seconds: None) -> None: ...


def iso_time(seconds: float | None) -> str | None:
    """``2026-08-21T12:00:00.123456Z``; None stays None."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time; one without an offset is UTC.

    Raises:
        ValueError: not ISO 8601, or out of range.
    """
    # Python 3.10 does not know Z. A "+" that was not escaped in a query arrives as a space.
    normal = text.strip().replace("Z", "+00:00").replace("z", "+00:00")
    date, separator, offset = normal.rpartition(" ")
    if separator and len(offset) == 5 and ":" in offset and ":" in date:
        normal = f"{date}+{offset}"
    moment = datetime.fromisoformat(normal)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    try:
        return moment.timestamp()
    except OverflowError as error:
        raise ValueError(str(error)) from None
