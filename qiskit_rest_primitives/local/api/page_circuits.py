"""Params of a job -> its options and the drawing of one circuit, as text within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.local.engine.read.load_circuit import load_circuit
from qiskit_rest_primitives.local.engine.read.read_pubs import physical_width
from qiskit_rest_primitives.local.outcome import RefusedError
from qiskit_rest_primitives.local.problems import ProblemError
from qiskit_rest_primitives.wire.request.pubs import decode_estimator_pub, decode_sampler_pub

if TYPE_CHECKING:
    import sqlite3

    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.local.job_states import Core

MOST_PARAMS_BYTES: Final = 16_000_000
MOST_TEXT: Final = 20_000
"""Characters of options or OpenQASM that are shown."""
MOST_CIRCUIT_BYTES: Final = 500_000
MOST_OPERATIONS: Final = 400
MOST_QUBITS: Final = 60
COLUMNS: Final = 110
LONGEST_SECONDS: Final = 5.0


class _Params(msgspec.Struct):
    """Params of a job; what is not shown stays undecoded."""

    pubs: list[msgspec.Raw] = []
    options: msgspec.Raw = msgspec.Raw(b"{}")


def circuit_of(core: Core, row: sqlite3.Row, pub: int) -> dict[str, Any]:
    """Options and one circuit of a job.

    Args:
        core: the service.
        row: the job.
        pub: number of its PUB.

    Returns:
        ``options`` as JSON text, ``pubs`` how many there are, ``drawing`` or ``source`` (OpenQASM)
        of the circuit, and ``note``: what is not shown, and why; each only if there is one.
    """
    if row["private"]:
        return {"note": "The job is private: its params are not shown."}
    if row["params_size"] > MOST_PARAMS_BYTES:
        return {"note": f"Its params have {row['params_size'] / 1e6:.0f} MB: too large to show."}
    params = msgspec.json.decode(core.params_of(row["id"]) or b"{}", type=_Params)
    shown: dict[str, Any] = {"options": _options(params), "pubs": len(params.pubs)}
    if row["program"] not in ("sampler", "estimator"):
        return shown | {"note": f"Circuits of the program {row['program']} are not drawn here."}
    if pub >= len(params.pubs):
        return shown | {"note": f"The job has no PUB {pub}."}
    return shown | _circuit(core, row, params.pubs[pub], pub)


def _options(params: _Params) -> str:
    text = msgspec.json.format(params.options, indent=2).decode()
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "\n..."


def _circuit(core: Core, row: sqlite3.Row, item: msgspec.Raw, index: int) -> dict[str, Any]:
    if len(item) > MOST_CIRCUIT_BYTES:
        return {"note": f"PUB {index} has {len(item) / 1e6:.1f} MB: too large to draw."}
    decode = decode_sampler_pub if row["program"] == "sampler" else decode_estimator_pub
    known: dict[str, Any] = {}
    try:
        pub = decode(msgspec.json.decode(item), place=f"PUB {index}")
        source = pub.circuit
        if isinstance(source, str):
            known["source"] = source[:MOST_TEXT]
        backend = core.backend(row["backend"], row["calibration_id"])
        loaded = load_circuit(
            source,
            index,
            core.engine.sandbox,
            num_qubits=physical_width(source, backend, getattr(pub, "observables", None)),
            check=_deadline(),
        )
    except (RefusedError, RestPrimitivesError, ProblemError) as error:
        return known | {"note": getattr(error, "reason", None) or str(error)}
    return known | _drawn(loaded.circuit)


def _deadline() -> Callable[[], None]:
    last = time.monotonic() + LONGEST_SECONDS

    def check() -> None:
        if time.monotonic() > last:
            raise RefusedError("reading it takes too long to draw it")

    return check


def _drawn(circuit: QuantumCircuit) -> dict[str, Any]:
    used = {bit for instruction in circuit.data for bit in instruction.qubits}
    if len(used) > MOST_QUBITS or circuit.size() > MOST_OPERATIONS:
        what = f"{len(used)} qubits in use and {circuit.size()} operations"
        return {"note": f"Too large to draw: {what}; at most {MOST_QUBITS} and {MOST_OPERATIONS}."}
    drawing = circuit.draw("text", fold=COLUMNS, idle_wires=False)
    return {"drawing": str(drawing)}
