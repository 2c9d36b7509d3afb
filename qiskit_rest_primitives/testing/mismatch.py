"""Why no recorded job matches a submission: the nearest one, and a short diff. In: bodies."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import msgspec
import numpy as np

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.request.fingerprint import IGNORED
from qiskit_rest_primitives.wire.values.arrays import decode_array

SHOWN_LINES: Final = 8
SHOWN_CHARACTERS: Final = 60
SHOWN_DIFFERENCES: Final = 4
COMPARED_JOBS: Final = 50

_FIELDS: Final = {
    "sampler": ("circuit", "parameter values", "shots"),
    "estimator": ("circuit", "observables", "parameter values", "precision"),
}


def describe_mismatch(asked: bytes, recorded: Mapping[str, bytes], times: int) -> str:
    """Why a submission has no match: one sentence, or the differences from the nearest job.

    Args:
        asked: body of the POST /jobs that matches none.
        recorded: the bodies that were recorded, by the id of the job.
        times: how often this very job was recorded; then it was submitted once more than that.
    """
    if times:
        return f"this job was recorded {times} times, and it is submitted once more."
    if not recorded:
        return "the recording has no jobs."
    request = msgspec.json.decode(asked)
    found: list[tuple[float, str, list[str]]] = []
    for job_id, body in list(recorded.items())[:COMPARED_JOBS]:
        other = msgspec.json.decode(body)
        differences = list(_differences(request, other))
        found.append((_distance(request, other, differences), job_id, differences))
    _, nearest, differences = min(found, key=lambda each: each[0])
    more = len(differences) - SHOWN_DIFFERENCES
    shown = differences[:SHOWN_DIFFERENCES] + [f"and {more} more differences"] * (more > 0)
    listed = "\n".join(f"  {line}" for text in shown for line in text.splitlines())
    named = nearest or "one that was refused"
    return f"the nearest recorded job, {named}, differs (- recorded, + submitted) in\n{listed}"


def _distance(asked: Any, recorded: Any, differences: Sequence[str]) -> float:
    """Smaller is nearer: the number of differences, then how unlike the circuits are."""
    ours, theirs = _circuits(asked), _circuits(recorded)
    alike = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).quick_ratio()
    return len(differences) - alike


def _circuits(request: Any) -> list[str]:
    pubs = request.get("params", {}).get("pubs", [])
    return [line for pub in pubs for line in _lines(pub[0] if isinstance(pub, list) else pub)]


def _differences(asked: Any, recorded: Any) -> Iterator[str]:
    """What differs, one text each: first what is told apart at a glance."""
    params, others = dict(asked.get("params", {})), dict(recorded.get("params", {}))
    pubs, other_pubs = params.pop("pubs", []), others.pop("pubs", [])
    ours = {name: value for name, value in asked.items() if name not in IGNORED} | {
        "params": params
    }
    theirs = {name: value for name, value in recorded.items() if name not in IGNORED} | {
        "params": others
    }
    flat, other_flat = dict(_flat(ours)), dict(_flat(theirs))
    for name in sorted(flat.keys() | other_flat.keys()):
        mine, other = flat.get(name, "unset"), other_flat.get(name, "unset")
        if mine != other:
            yield f"{name}: {_short(mine)}, recorded {_short(other)}"
    if len(pubs) != len(other_pubs):
        yield f"{len(pubs)} PUBs, recorded {len(other_pubs)}"
    names = _FIELDS.get(asked.get("program_id"), _FIELDS["sampler"])
    for index, (pub, other_pub) in enumerate(zip(pubs, other_pubs, strict=False)):
        for name, mine, other in zip(names, _padded(pub), _padded(other_pub), strict=False):
            text = _field(name, mine, other)
            if text:
                yield f"PUB {index}, {name}{text}"


def _padded(pub: Any) -> list[Any]:
    items = cast("list[Any]", pub) if isinstance(pub, list) else [pub]
    return [*items, *[None] * (4 - len(items))]


def _field(name: str, mine: Any, other: Any) -> str:
    """How one part of a PUB differs; "" if it does not."""
    if name == "circuit":
        return _circuit_diff(_lines(mine), _lines(other))
    if name == "parameter values":
        return _values_diff(mine, other)
    return "" if mine == other else f": {_short(mine)}, recorded {_short(other)}"


def _circuit_diff(mine: list[str], other: list[str]) -> str:
    diff = list(difflib.unified_diff(other, mine, n=0, lineterm=""))[2:]
    lines = [f"  {line}" for line in diff if not line.startswith("@@")]
    if not lines:
        return ""
    more = len(lines) - SHOWN_LINES
    return "\n".join([":", *lines[:SHOWN_LINES], *[f"  and {more} more lines"] * (more > 0)])


def _values_diff(mine: Any, other: Any) -> str:
    try:
        ours, theirs = np.asarray(decode_array(mine)), np.asarray(decode_array(other))
    except ProtocolError:
        return "" if mine == other else f": {_short(mine)}, recorded {_short(other)}"
    if ours.shape != theirs.shape:
        return f": shape {ours.shape}, recorded {theirs.shape}"
    differ = np.argwhere(ours != theirs)
    if not len(differ):
        return ""
    place = tuple(int(index) for index in differ[0])
    return f": {ours[place]!s} at {place}, recorded {theirs[place]!s}; {len(differ)} differ"


def _lines(circuit: Any) -> list[str]:
    """A circuit's text without comments: they hold names and metadata, which do not count."""
    text = circuit if isinstance(circuit, str) else msgspec.json.encode(circuit).decode()
    return [line.strip() for line in text.splitlines() if not line.lstrip().startswith("//")]


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from _flat(item, f"{name}.{key}" if name else key)
    elif not isinstance(value, Mapping):
        yield name, value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
