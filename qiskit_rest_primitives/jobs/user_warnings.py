"""Warnings that point at the user's line, and the warning about options without effect."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any, cast

from qiskit_rest_primitives.display.printable import printable
from qiskit_rest_primitives.display.tracebacks import PACKAGE


def warn_user(message: str) -> None:
    """Warns at the line outside this package that made the call."""
    level, frame = 1, sys._getframe()  # pyright: ignore[reportPrivateUsage] - as warnings.py does
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(printable(message), UserWarning, stacklevel=level)


class OptionsNotice:
    """Warns once per job about options that the service did not act on."""

    def __init__(self) -> None:
        self._given = False

    def give(self, job_id: str, metadata: Mapping[str, Any]) -> None:
        """Warns if the result's metadata name such options and no warning was given yet.

        Args:
            job_id: of the job, for the message.
            metadata: of its result; the names are in ``options_not_applied``, the embedded
                service's advice in ``options_not_applied_cure``.
        """
        names = metadata.get("options_not_applied")
        if self._given or not isinstance(names, list) or not names:
            return
        self._given = True
        listed = ", ".join(str(name) for name in cast("list[Any]", names))
        cure = metadata.get("options_not_applied_cure")
        advice = f"; {cure}" if cure else ""
        warn_user(f"job {job_id}: the service did not act on these options: {listed}{advice}")
