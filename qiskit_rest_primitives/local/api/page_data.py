"""What the page shows beside the API: who is signed in, all jobs that wait, error maps, results.

Markup is made by `display`, which escapes all text; it has no style and no script of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from qiskit_rest_primitives.display.backend_card import Calibration, backend_content
from qiskit_rest_primitives.display.html import Html, element, note
from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.local.api.endpoint_steps import api_version, number
from qiskit_rest_primitives.local.api.jobs import describe_job, own_job
from qiskit_rest_primitives.local.api.page_circuits import circuit_of
from qiskit_rest_primitives.local.api.page_files import POLICY
from qiskit_rest_primitives.local.api.replies import encode
from qiskit_rest_primitives.local.auth import Principal
from qiskit_rest_primitives.local.store import IS_PENDING, JOB_COLUMNS
from qiskit_rest_primitives.local.store.lists import Query, find, owner_of, rows_of
from qiskit_rest_primitives.local.store.members import count, numbers_of
from qiskit_rest_primitives.local.times import iso_time

if TYPE_CHECKING:
    import sqlite3

    from qiskit.transpiler import Target

    from qiskit_rest_primitives.local.job_states import Core
    from qiskit_rest_primitives.local.simulators.backends import LocalBackend

QUEUE_ROWS: Final = 100
PAGE_ROWS: Final = 25
MOST_RESULT_BYTES: Final = 8_000_000
MOST_ARRAY_BYTES: Final = 64_000_000
"""Of one array of a result, which is compressed: larger results are downloaded, not shown."""


def _json(content: object) -> Response:
    headers = {**POLICY, "Cache-Control": "no-store"}
    return Response(encode(content), headers=headers, media_type="application/json")


def _markup(content: list[Html]) -> Response:
    headers = {**POLICY, "Cache-Control": "no-store"}
    return Response(element("div", *content, class_="qrp"), headers=headers, media_type="text/html")


async def me(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/me: who is signed in."""
    return _json(
        {
            "user": principal.user,
            "instance": principal.instance,
            "instances": core.tokens.instances_of(principal.user),
            "admin": principal.admin,
        }
    )


async def jobs(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/jobs: the caller's jobs, newest first, with the times of their states."""
    offset = number(request, "offset", 0, least=0, most=1 << 60)
    version = api_version(request)

    def read() -> Response:
        with core.store.reading() as database:
            owner = owner_of(database, principal.user, principal.instance)
            found = find(database, owner, Query([["job"]]))
            numbers = numbers_of(found, offset, PAGE_ROWS, descending=True)
            rows = rows_of(database, f"SELECT {JOB_COLUMNS} FROM jobs", owner, numbers)
        listed = [_described(core, rows[place], version) for place in numbers]
        return _json({"jobs": listed, "count": count(found), "limit": PAGE_ROWS})

    return await core.in_thread(read)


async def job(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/jobs/{id}: one of them."""
    return _json(_described(core, own_job(core, principal, request), api_version(request)))


def _described(core: Core, row: sqlite3.Row, version: str) -> dict[str, Any]:
    content = describe_job(row, version) | {"now": iso_time(core.clock())}
    content |= {name: iso_time(row[name]) for name in ("running", "finished") if row[name]}
    place = core.engine.place_in_queue(row["id"]) if row["status"] == "Queued" else None
    return content | ({} if place is None else {"place": place})


async def queue(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/queue: jobs of all users that wait or run, in the order of their submission.

    Only administrators see whose they are; others see their own by id, and that there are others.
    """

    def read() -> Response:
        with core.store.reading() as database:
            rows = database.execute(
                f"SELECT id, user, instance, program, backend, status, created, running FROM jobs"
                f" WHERE {IS_PENDING} ORDER BY seq LIMIT {QUEUE_ROWS}"
            ).fetchall()
        total = sum(core.store.queue_lengths().values())
        entries: list[dict[str, Any]] = []
        for row in rows:
            own = (row["user"], row["instance"]) == (principal.user, principal.instance)
            entry: dict[str, Any] = {"own": own, "backend": row["backend"], "status": row["status"]}
            if own or principal.admin:
                entry |= {"id": row["id"], "user": row["user"], "program": row["program"]}
            entry["created"] = iso_time(row["created"])
            if row["running"]:
                entry["running"] = iso_time(row["running"])
            entries.append(entry)
        now = iso_time(core.clock())
        return _json({"jobs": entries, "count": total, "now": now})

    return await core.in_thread(read)


async def backend(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/backends/{name}: its facts, and the map of its errors, as markup."""
    device = await core.in_thread(core.backend, request.path_params["name"])
    async with core.drawing:
        return _markup(await core.in_thread(_backend, device))


def _backend(device: LocalBackend) -> list[Html]:
    configuration = device.configuration()
    values: dict[str, object] = {
        "kind": "simulator" if device.is_simulator else "device",
        "qubits": device.num_qubits,
        "most shots of a circuit": device.max_shots,
        "gates": ", ".join(configuration.get("basis_gates") or ()),
        "measured": None if device.is_simulator else device.properties().get("last_update_date"),
    }
    if device.is_simulator:
        return backend_content(device.name, values, None, "A simulator has no errors of its own.")
    measured = _calibration(device.target, configuration.get("coords"))
    return backend_content(device.name, values, measured, "", inline=False)


def _calibration(target: Target, coords: list[list[float]] | None) -> Calibration:
    """What a target says of its errors; ``coords`` are columns and rows."""
    size = target.num_qubits or 0
    readout: list[float | None] = [None] * size
    gates: dict[str, dict[tuple[int, int], float | None]] = {}
    for name in target.operation_names:
        for qubits, known in (target[name] or {}).items():
            error = None if known is None else known.error
            if qubits is not None and name == "measure":
                readout[qubits[0]] = error
            elif qubits is not None and len(qubits) == 2:
                gates.setdefault(name, {})[qubits] = error
    of_qubits = target.qubit_properties or [None] * size
    places = [(row, column) for column, row in coords or ()]
    return Calibration(
        readout,
        gates,
        [getattr(of, "t1", None) for of in of_qubits],
        [getattr(of, "t2", None) for of in of_qubits],
        places if len(places) == size else None,
    )


async def circuit(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/jobs/{id}/circuit: options, and the drawing of the circuit of a PUB, as text."""
    row = own_job(core, principal, request)
    pub = number(request, "pub", 0, least=0, most=1 << 30)
    async with core.drawing:
        return _json(await core.in_thread(circuit_of, core, row, pub))


async def result(core: Core, principal: Principal, request: Request) -> Response:
    """GET /page/jobs/{id}/result: histograms and values, as markup."""
    row = own_job(core, principal, request)
    async with core.drawing:
        return _markup(await core.in_thread(_result, core, row))


def _result(core: Core, row: sqlite3.Row) -> list[Html]:
    if row["private"]:
        return [note("The job is private: its result can be read once, by a client.")]
    if row["result_size"] > MOST_RESULT_BYTES:
        size = f"{row['result_size'] / 1e6:.0f} MB"
        return [note(f"The result has {size}: too large to show. Fetch it by a client.")]
    if row["program"] not in ("sampler", "estimator"):
        return [note(f"Results of the program {row['program']} are not shown here.")]
    body = core.store.body(row["id"], "result")
    if body is None:
        return [note("The job has no result.")]
    from qiskit_rest_primitives.display.result_card import result_content
    from qiskit_rest_primitives.wire.result.results import decode_result

    content = body.read_bytes() if isinstance(body, Path) else body
    try:
        found = decode_result(content, program_id=row["program"], max_bytes=MOST_ARRAY_BYTES)
    except ProtocolError as error:
        return [note(f"The result can't be shown here: {error}")]
    return result_content(found)


PAGE_HANDLERS: Final = [
    ("GET", "/page/me", me),
    ("GET", "/page/jobs", jobs),
    ("GET", "/page/jobs/{job_id}", job),
    ("GET", "/page/jobs/{job_id}/circuit", circuit),
    ("GET", "/page/jobs/{job_id}/result", result),
    ("GET", "/page/queue", queue),
    ("GET", "/page/backends/{name}", backend),
]
