"""When the samples of each PUB were drawn: task results -> the execution spans of a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from qiskit.primitives.containers import BitArray

from qiskit_rest_primitives.wire.values.execution_spans import (
    DataSlice,
    ExecutionSpan,
    ExecutionSpans,
)


@dataclass
class Windows:
    """The time from the begin of a PUB's first task to the end of its last one."""

    _found: dict[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])

    def note(self, pub_index: int, *, begun_at: float, seconds: float) -> None:
        """Extends the window of a PUB by a task that took so many seconds.

        Args:
            pub_index: position of the PUB in its job.
            begun_at: when the task began, in seconds since the epoch.
            seconds: how long it took.
        """
        ended = begun_at + seconds
        start, stop = self._found.get(pub_index, (begun_at, ended))
        self._found[pub_index] = min(start, begun_at), max(stop, ended)

    def clear(self) -> None:
        """Forgets all windows."""
        self._found.clear()

    def spans(self, pubs: Sequence[Any]) -> ExecutionSpans:
        """One span a PUB, over all its points and shots.

        Args:
            pubs: the results of the PUBs; those without samples have no span.
        """
        spans: list[ExecutionSpan] = []
        for index, pub in enumerate(pubs):
            bits = next(iter(pub.data.values()), None)
            if isinstance(bits, BitArray) and index in self._found:
                every = DataSlice(
                    (*bits.shape, bits.num_shots), (0, math.prod(bits.shape)), (0, bits.num_shots)
                )
                start, stop = (
                    datetime.fromtimestamp(seconds, timezone.utc) for seconds in self._found[index]
                )
                spans.append(ExecutionSpan("DoubleSliceSpan", start, stop, {index: every}))
        return ExecutionSpans(tuple(spans))
