"""Cards of Qiskit's results: registers, counts, expectation values, and what mitigation did.

The classes are Qiskit's own, so notebooks learn of these cards from `display.notebooks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from qiskit_rest_primitives.display.counts_table import counts_table
from qiskit_rest_primitives.display.html import (
    Html,
    card,
    facts,
    folded,
    note,
    number,
    table,
    warning,
)
from qiskit_rest_primitives.display.mitigation_words import mitigation_of, mitigation_of_pub
from qiskit_rest_primitives.display.rounding import decimals_of, rounded
from qiskit_rest_primitives.display.values_plot import values_plot

_MOST_PUBS: Final = 10
_MOST_VALUES: Final = 12
_MOST_PLOTTED: Final = 2000


def result_card(result: Any) -> str:
    """The card of a `PrimitiveResult`."""
    return card(_title(result), *result_content(result))


def _title(result: Any) -> str:
    number = len(list(result))
    return f"Result of {number} PUB{'s' * (number != 1)}"


def result_content(result: Any) -> list[Html]:
    """What a card of a `PrimitiveResult` shows, without the card's style."""
    pubs = list(result)
    done = mitigation_of(result.metadata)
    content: list[Html] = [facts("Error suppression and mitigation", done)] if done else []
    content += _not_applied(result.metadata)
    for index, pub in enumerate(pubs[:_MOST_PUBS]):
        summary = f"PUB {index}: {_in_short(pub.data)}"
        content.append(folded(summary, *_pub(pub), unfolded=index == 0))
    if len(pubs) > _MOST_PUBS:
        content.append(note(f"and {len(pubs) - _MOST_PUBS} more"))
    return [Html(f"<strong>{_title(result)}</strong>"), *content]


def pub_card(pub: Any) -> str:
    """The card of a `PubResult`."""
    return card("Result of a PUB", *_pub(pub))


def data_card(data: Any) -> str:
    """The card of a `DataBin`."""
    return card("Data of a PUB", *_data(data))


def bits_card(bits: Any) -> str:
    """The card of a `BitArray`."""
    values = {"bits": bits.num_bits, "shape": str(bits.shape), "shots": bits.num_shots}
    return card("BitArray", facts("BitArray", values), *counts_table("samples", bits))


def _not_applied(metadata: Mapping[str, Any]) -> list[Html]:
    names = metadata.get("options_not_applied")
    if not names:
        return []
    cure = metadata.get("options_not_applied_cure")
    text = f"Options that nothing acted on: {', '.join(map(str, names))}"
    return [warning(f"{text}. {cure}" if cure else text)]


def _in_short(data: Any) -> str:
    """The registers or the values of a PUB in one line."""
    fields = dict(data.items())
    shape = f", shape {data.shape}" if data.shape else ""
    bits = [name for name, value in fields.items() if _is_bits(value)]
    if bits:
        listed = ", ".join(f"{name} ({fields[name].num_bits} bits)" for name in bits[:4])
        more = f" and {len(bits) - 4} more" if len(bits) > 4 else ""
        return f"{listed}{more}, {fields[bits[0]].num_shots} shots{shape}"
    named = "expectation values" if "evs" in fields else ", ".join(fields) or "no registers"
    return named + shape


def _pub(pub: Any) -> Iterator[Html]:
    yield from _data(pub.data)
    metadata = pub.metadata
    asked = metadata.get("target_precision")
    values: dict[str, object] = {
        "shots": metadata.get("shots"),
        "precision asked for": None if asked is None else number(asked),
        **mitigation_of_pub(metadata),
    }
    if any(value is not None for value in values.values()):
        yield facts("How it was measured", values)


def _data(data: Any) -> Iterator[Html]:
    fields = dict(data.items())
    bits = {name: value for name, value in fields.items() if _is_bits(value)}
    if bits:
        rows = [
            (name, value.num_bits, str(value.shape), value.num_shots)
            for name, value in bits.items()
        ]
        header = ("register", "bits", "shape", "shots")
        yield table("Registers", header, rows, numbers=(1, 3))
        for index, (name, value) in enumerate(bits.items()):
            shown = counts_table(name, value)
            yield from shown if index == 0 else [folded(f"Counts of {name}", *shown)]
    if "evs" in fields:
        yield from _expectation_values(np.asarray(fields["evs"]), fields.get("stds"))
    others = [
        (name, str(np.shape(value)), str(np.asarray(value).dtype))
        for name, value in fields.items()
        if name not in bits and value is not None
    ]
    if others and not ("evs" in fields and len(others) <= 2):
        yield folded("All fields", table("All fields", ("field", "shape", "type"), others))
    if not fields:
        yield note("No registers: nothing was measured.")


def _expectation_values(evs: Any, stds: Any) -> Iterator[Html]:
    spread = None if stds is None else np.broadcast_to(np.asarray(stds), evs.shape)
    indices = list(np.ndindex(evs.shape))
    decimals = decimals_of(spread)
    rows = [
        (
            _index(index),
            rounded(float(evs[index]), decimals),
            "" if spread is None else rounded(float(spread[index]), decimals),
        )
        for index in indices[:_MOST_VALUES]
    ]
    title = "Values of points" if evs.shape else "Expectation value"
    header = ("point" if evs.shape else "", "evs", "standard error")
    values = table(title, header, rows, numbers=(1, 2))
    if evs.ndim == 0 or len(indices) < 3:
        yield values
        return
    finite = evs[np.isfinite(evs)]
    summary: dict[str, object] = {"shape": str(evs.shape)}
    if finite.size:
        summary |= {
            "smallest": f"{number(float(finite.min()), 4)} at {_where(evs, np.nanargmin)}",
            "largest": f"{number(float(finite.max()), 4)} at {_where(evs, np.nanargmax)}",
            "mean": number(float(finite.mean()), 4),
        }
    if finite.size < evs.size:
        summary["without a value"] = evs.size - finite.size
    if spread is not None and np.isfinite(spread).any():
        summary["typical standard error"] = number(float(np.nanmedian(spread)), 2)
    yield facts("Expectation values", summary)
    if evs.size <= _MOST_PLOTTED:
        words = "; ".join(f"{name} {value}" for name, value in summary.items())
        plot = values_plot(evs, spread, f"Plot of the expectation values in C order: {words}")
        if plot is not None:
            yield plot
    more = [note(f"and {evs.size - _MOST_VALUES} more")] if evs.size > _MOST_VALUES else []
    yield folded("Values", values, *more)


def _where(evs: Any, find: Any) -> str:
    return _index(np.unravel_index(int(find(evs)), evs.shape))


def _index(index: Any) -> str:
    return f"[{', '.join(str(int(part)) for part in index)}]" if len(index) else ""


def _is_bits(value: object) -> bool:
    return hasattr(value, "num_bits") and hasattr(value, "num_shots")
