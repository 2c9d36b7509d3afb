"""What notebooks show of jobs. In: cached details and PUBs. Out: HTML. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.display.job_card import job_card, parts_card
from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.details import JobDetails
from qiskit_rest_primitives.jobs.parts import all_details
from qiskit_rest_primitives.jobs.results.pieces import Piece
from qiskit_rest_primitives.jobs.results.program_items import submitted_from_params
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.jobs.status import ERROR, read_state


def card_of_job(
    details: JobDetails,
    pubs: Sequence[SubmittedPub] | None,
    user_pubs: Sequence[SamplerPub | EstimatorPub] | None,
) -> str:
    """The card of one job.

    Args:
        details: as the service last reported them.
        pubs: what is known of its PUBs.
        user_pubs: the same with their circuits, if this handle submitted it.
    """
    reported = details.reported
    seconds = reported.get("estimated_running_time_seconds")
    values = {
        "status": details.state_in_words,
        "backend": reported.get("backend"),
        "session": reported.get("session_id"),
        "tags": details.user_tags or None,
        "private": "yes: its result can be read once" if details.private else None,
        "created": _moment(reported.get("created")),
        **{name: _moment(text) for name, text in details.timestamps.items()},
        "estimated use": None if seconds is None else f"{seconds:,.1f} s on the device",
        "service": details.client.url,
    }
    pubs = _pubs_in_params(details) if pubs is None else pubs
    rows: list[tuple[object, ...]] | None = None
    if user_pubs is not None:
        rows = [
            (pub.circuit.name, pub.circuit.num_qubits, str(pub.shape), _accuracy(pub))
            for pub in user_pubs
        ]
    elif pubs is not None:
        rows = [
            (*_circuit(pub), "" if pub.shape is None else str(pub.shape), _accuracy(pub))
            for pub in pubs
        ]
    program = details.program_id.capitalize() or "Runtime"
    failed = details.known_final() is not None and details.status == ERROR
    failure = str(read_state(reported).get("reason") or "no reason given") if failed else None
    part = "item" if details.program_id == "executor" else "PUB"
    title = f"{program} job {details.job_id}"
    return job_card(title, values, rows, failure=failure, part=part)


def card_of_parts(
    title: str,
    values: Mapping[str, object],
    parts: Sequence[Job],
    pieces: Sequence[Sequence[Piece]] = (),
) -> str:
    """The card of a run that consists of several jobs.

    Args:
        title: what it is.
        values: facts by name.
        parts: its jobs.
        pieces: what each of them runs, if the run was divided.
    """
    rows = [
        (details.job_id, details.state_in_words, _contents(pieces[index]) if pieces else "")
        for index, details in enumerate(all_details(parts))
    ]
    return parts_card(title, values, rows, f"{len(rows)} job{'s' * (len(rows) != 1)}")


def _contents(pieces: Sequence[Piece]) -> str:
    """What a part runs, in words."""
    words = [
        f"PUB {piece.pub}, {_points(piece)}" + (f", {piece.shots} shots" if piece.shots else "")
        for piece in pieces[:3]
    ]
    return "; ".join([*words, "..."] if len(pieces) > 3 else words)


def _points(piece: Piece) -> str:
    single = piece.stop - piece.start == 1
    return f"point {piece.start}" if single else f"points {piece.start} to {piece.stop - 1}"


def _moment(text: object) -> str | None:
    """A time of the API, to the second."""
    shown = re.sub(r"^([\d-]+)T([\d:]+)(\.\d+)?(Z|\+00:00)$", r"\1 \2 UTC", str(text))
    return shown if text else None


def _pubs_in_params(details: JobDetails) -> Sequence[SubmittedPub] | None:
    """The PUBs of a fetched job; None if its params were not fetched or can't be read."""
    try:
        return submitted_from_params(details.program_id, details.reported.get("params") or {})
    except ProtocolError:
        return None


def _circuit(pub: SubmittedPub) -> tuple[object, object]:
    """Name and width of a circuit, if it was sent by this package."""
    about = pub.description
    return ("", "") if about is None else (about.name, about.num_qubits)


def _accuracy(pub: SubmittedPub | SamplerPub | EstimatorPub) -> str:
    shots = getattr(pub, "shots", None)
    if shots is not None:
        return f"{shots} shots"
    precision = getattr(pub, "precision", None)
    return "" if precision is None else f"precision {precision:g}"
