"""The card of a backend: facts, and a map and a table of its errors. In: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from qiskit_rest_primitives.display.error_map import error_map
from qiskit_rest_primitives.display.html import Html, card, facts, note, number, table

_MOST_QUBITS: Final = 1200
"""A device with more has no map: it would make a notebook slow."""


@dataclass(frozen=True)
class Calibration:
    """What was measured on a device; None where nothing was reported, 1 for what fails.

    Attributes:
        readout: error of each qubit's measurement.
        gates: name of a two-qubit gate, and the error on each pair of qubits.
        t1: of each qubit, in seconds.
        t2: of each qubit, in seconds.
        places: row and column of each qubit, or None.
        faulty: qubits that are marked as not operational.
    """

    readout: Sequence[float | None]
    gates: Mapping[str, Mapping[tuple[int, int], float | None]]
    t1: Sequence[float | None] = ()
    t2: Sequence[float | None] = ()
    places: Sequence[Sequence[float]] | None = None
    faulty: Sequence[int] = field(default_factory=list[int])


def backend_card(
    name: str, values: Mapping[str, object], calibration: Calibration | None, advice: str
) -> str:
    """The card of a backend; the arguments are those of `backend_content`."""
    return card(f"Backend {name}", *backend_content(name, values, calibration, advice))


def backend_content(
    name: str,
    values: Mapping[str, object],
    calibration: Calibration | None,
    advice: str,
    *,
    inline: bool = True,
) -> list[Html]:
    """What a card of a backend shows, without the card's style.

    Args:
        name: of the backend.
        values: facts by name; None is left out.
        calibration: what was measured; None if there is none, or it is not here.
        advice: what to say in place of the map.
        inline: whether style may stand in attributes, see `error_map`.
    """
    content: list[Html] = [facts(f"Backend {name}", values)]
    if calibration is None:
        return [*content, *([note(advice)] if advice else [])]
    rows = [_row("readout error", dict(enumerate(calibration.readout)), 100, "%")]
    rows += [_row(f"{gate} error", errors, 100, "%") for gate, errors in calibration.gates.items()]
    rows += [
        _row(name, dict(enumerate(times)), 1e6, "µs", low_is_good=False)
        for name, times in (("T1", calibration.t1), ("T2", calibration.t2))
    ]
    shown = [row for row in rows if row is not None]
    if len(calibration.readout) <= _MOST_QUBITS:
        words = "; ".join(f"{row[0]}: median {row[1]}, worst {row[3]}" for row in shown)
        label = f"Map of the errors of {name}. {words}."
        content.append(
            error_map(
                calibration.readout,
                _edges(calibration),
                calibration.places,
                label,
                inline=inline,
            )
        )
    content.append(table("What was measured", ("", "median", "best", "worst"), shown))
    if calibration.faulty:
        content.append(note(f"Faulty qubits: {', '.join(map(str, calibration.faulty))}"))
    return content


def _edges(calibration: Calibration) -> dict[tuple[int, int], float | None]:
    """The least error on each pair of qubits, of all gates and in both directions."""
    found: dict[tuple[int, int], list[float]] = {}
    for errors in calibration.gates.values():
        for (first, second), error in errors.items():
            known = found.setdefault((min(first, second), max(first, second)), [])
            known += [] if error is None else [error]
    return {pair: min(known, default=None) for pair, known in found.items()}


def _row(
    name: str,
    values: Mapping[int, float | None] | Mapping[tuple[int, int], float | None],
    factor: float,
    unit: str,
    *,
    low_is_good: bool = True,
) -> tuple[str, str, str, str] | None:
    """Median, best and worst value with their places; None if nothing is known."""
    known = sorted(
        (value, where) for where, value in values.items() if value is not None and value != 1.0
    )
    if not known:
        return None
    best, worst = (known[0], known[-1]) if low_is_good else (known[-1], known[0])

    def words(value: float, where: object = None) -> str:
        place = "" if where is None else f" ({'-'.join(map(str, _several(where)))})"
        return f"{number(factor * value, 3)} {unit}{place}"

    return name, words(median(value for value, _ in known)), words(*best), words(*worst)


def _several(where: object) -> Sequence[object]:
    return where if isinstance(where, tuple) else (where,)
