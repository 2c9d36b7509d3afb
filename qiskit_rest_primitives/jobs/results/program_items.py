"""Params of an executor's job -> what was submitted as each item. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import UNSET

from qiskit_rest_primitives.circuits import CircuitDescription
from qiskit_rest_primitives.jobs.results.submitted_pubs import (
    SubmittedPub,
    submitted_pubs_from_params,
)
from qiskit_rest_primitives.wire.executor.program import (
    CircuitItem,
    Item,
    decode_executor_params,
)

SAMPLER_MARK: Final = {"qiskit_rest_primitives": "sampler"}
"""``passthrough_data`` of a program whose items are the PUBs of a sampler."""


def is_sampler_mark(passed: object) -> bool:
    """Whether ``passthrough_data``, which may be or hold an array, is `SAMPLER_MARK`."""
    if not isinstance(passed, dict):
        return False
    data = cast("dict[object, object]", passed)
    return all(isinstance(value, str) for value in data.values()) and data == SAMPLER_MARK


def submitted_from_params(program_id: str, params: Mapping[str, Any]) -> list[SubmittedPub] | None:
    """Reads the PUBs or items from the params of a fetched job; None for a private job."""
    if program_id == "executor":
        return items_from_params(params)
    return submitted_pubs_from_params(program_id, params)


def items_from_params(params: Mapping[str, Any]) -> list[SubmittedPub] | None:
    """Reads the items of a fetched job of the executor, each like a PUB.

    Returns:
        None for a private job, and for programs of schema versions that can't be read.
    """
    if "quantum_program" not in params:
        return None
    try:
        program = decode_executor_params(msgspec.json.encode(params)).quantum_program
    except msgspec.MsgspecError:
        return None  # the result says the same, with its version
    texts = program.circuits.data
    return [
        _submitted(item, None if texts is UNSET else texts[number], program.shots)
        for number, item in enumerate(program.items)
    ]


def _submitted(item: Item, text: str | None, shots: int) -> SubmittedPub:
    description = None if text is None else CircuitDescription.from_qasm(text)
    metadata = {} if description is None else description.metadata
    return SubmittedPub(_shape(item), shots, None, description, metadata)


def _shape(item: Item) -> tuple[int, ...] | None:
    """The shape of an item; None if it follows from the arguments of a samplex."""
    if item.shape:
        return tuple(item.shape)
    if isinstance(item, CircuitItem):
        return tuple(item.circuit_arguments.shape[:-1])
    return None
