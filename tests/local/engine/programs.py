"""Running quantum programs on an engine."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

from qiskit_rest_primitives.local.engine.engine import Engine, Outcome
from qiskit_rest_primitives.wire.executor.result import ProgramResult, decode_program_result
from qiskit_rest_primitives.wire.request.job_request import decode_params


def outcome_of(
    engine: Engine,
    params: dict[str, Any],
    backend: str = "statevector",
    program_id: Any = "executor",
) -> Outcome:
    """Runs a program to its end."""
    ended, outcomes = threading.Event(), []

    def on_final(_: str, outcome: Outcome) -> None:
        outcomes.append(outcome)
        ended.set()

    decoded = decode_params(program_id, json.dumps(params).encode())
    engine.submit(
        uuid.uuid4().hex,
        backend,
        lambda *_: decoded,
        program_id=program_id,
        on_running=lambda _: None,
        on_final=on_final,
    )
    assert ended.wait(120), "the job never ended"
    return outcomes[0]


def run_program(
    engine: Engine, params: dict[str, Any], backend: str = "statevector"
) -> ProgramResult:
    """Runs a program that must succeed."""
    outcome = outcome_of(engine, params, backend)
    assert outcome.status == "Completed", outcome.logs
    return decode_program_result(outcome.body)


def reason_of(
    engine: Engine,
    params: dict[str, Any],
    backend: str = "statevector",
    program_id: Any = "executor",
) -> str:
    """Why a program that must fail failed."""
    outcome = outcome_of(engine, params, backend, program_id)
    assert outcome.status == "Failed", outcome
    assert "PUB" not in outcome.reason + outcome.reason_solution
    return outcome.reason
