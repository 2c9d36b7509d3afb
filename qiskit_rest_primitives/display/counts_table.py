"""The most frequent outcomes of a register, with bars. In: a `BitArray`. Out: a table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from qiskit_rest_primitives.display.html import Html, code, element, note, table

_MOST_OUTCOMES: Final = 8
_MOST_SHOTS: Final = 200_000
"""More are not sorted: a card must show at once."""
_LONGEST: Final = 36
_BAR_WIDTH: Final = 160


def counts_table(name: str, bits: Any) -> list[Html]:
    """Outcomes, counts and bars, of all points of a sweep together.

    Args:
        name: of the register.
        bits: a `BitArray`.
    """
    rows = np.asarray(bits.array).reshape(-1, bits.array.shape[-1])
    number = len(rows)
    if not number or not bits.num_bits:
        return [note(f"{name}: no samples")]
    counted = rows[:_MOST_SHOTS]
    outcomes, counts = np.unique(counted, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:_MOST_OUTCOMES]
    highest = int(counts[order[0]])
    shown = [
        (
            _outcome(outcomes[index], bits.num_bits),
            int(counts[index]),
            f"{100 * counts[index] / len(counted):.1f} %",
            _bar(int(counts[index]) / highest),
        )
        for index in order
    ]
    points = int(np.prod(bits.shape)) if bits.shape else 1
    caption = f"{name}: most frequent outcomes"
    caption += f" of all {points} points together" if points > 1 else ""
    caption += f", of the first {_MOST_SHOTS} samples" if number > _MOST_SHOTS else ""
    found = [table(caption, ("outcome", "count", "share", ""), shown, numbers=(1, 2))]
    if len(outcomes) > _MOST_OUTCOMES:
        rest = int(counts.sum() - counts[order].sum())
        found.append(note(f"{len(outcomes) - _MOST_OUTCOMES} more outcomes, {rest} samples"))
    return found


def _outcome(row: Any, num_bits: int) -> Html:
    """The bits, with the lowest at the right; long ones are cut in the middle."""
    text = "".join(f"{byte:08b}" for byte in row)[-num_bits:]
    if num_bits <= _LONGEST:
        return code(text)
    half = _LONGEST // 2
    return element("code", f"{text[:half]}...{text[-half:]}", title=text)


def _bar(share: float) -> Html:
    width = max(round(_BAR_WIDTH * share), 1)
    bar = element("rect", width=width, height=11, rx=2, fill="#3d7ebf")
    return element("svg", bar, width=_BAR_WIDTH, height=11, aria_hidden="true")
