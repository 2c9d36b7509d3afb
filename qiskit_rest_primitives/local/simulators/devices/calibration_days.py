"""A device has a calibration for each day since its first; the day is the calibration's id."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timezone

FIRST_DAY = date(2026, 1, 1)
"""The day of the first calibration; each day that follows has another one."""


def today() -> date:
    """The day, in UTC."""
    return datetime.now(timezone.utc).date()


def newest_day() -> date:
    """The day of the newest calibration."""
    return max(FIRST_DAY, today())


def day_of(calibration_id: str | None) -> date:
    """The day of a calibration, whose id is as ``2026-01-31``; of the newest for None.

    Raises:
        KeyError: there is no such calibration; says which there are.

    >>> day_of("2026-01-01")
    datetime.date(2026, 1, 1)
    """
    if calibration_id is None:
        return newest_day()
    with suppress(ValueError):
        day = date.fromisoformat(calibration_id)
        if FIRST_DAY <= day <= newest_day() and day.isoformat() == calibration_id:
            return day
    raise KeyError(
        f"The ids are the days from {FIRST_DAY} to {newest_day()}; leave calibration_id out for "
        "the newest."
    )


def day_before(seconds: float) -> date:
    """The day of the last calibration up to a time, or of the first one.

    Args:
        seconds: the time, since the epoch.
    """
    number = date(1970, 1, 1).toordinal() + int(seconds // 86_400)
    bounds = FIRST_DAY.toordinal(), newest_day().toordinal()
    return date.fromordinal(min(max(number, bounds[0]), bounds[1]))
