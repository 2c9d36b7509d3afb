"""Jobs and results as the JSON documents that commands print; their keys do not change."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit.primitives import BitArray, PrimitiveResult

from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.parts import all_details


def describe_job(job: Job) -> dict[str, Any]:
    """What is known of a job; nothing is asked for.

    Args:
        job: one job, or several behind one handle, whose ids are separated by commas.
    """
    return {
        "id": job.job_id(),
        "program": job.primitive_id,
        "backend": job.backend_name,
        "created": min((each.created for each in all_details([job]) if each.created), default=None),
        "session_id": job.session_id,
        "tags": job.tags,
    }


def describe_result(result: PrimitiveResult[Any]) -> dict[str, Any]:
    """A result: ``pubs`` and ``metadata``.

    Each PUB has its ``shape``, ``metadata``, and either ``registers``, which have ``num_bits``,
    ``shots`` and ``counts`` (a list in C order over the shape), or ``values``, arrays by name such
    as ``evs`` and ``stds``.
    """
    pubs: list[dict[str, Any]] = []
    for index in range(len(result)):
        pub = result[index]
        registers: dict[str, Any] = {}
        values: dict[str, Any] = {}
        for name, data in pub.data.items():
            if isinstance(data, BitArray):
                registers[name] = {
                    "num_bits": data.num_bits,
                    "shots": data.num_shots,
                    "counts": counts_of(data),
                }
            else:
                values[name] = data
        shape = list(pub.data.shape)
        one: dict[str, Any] = {"shape": shape, "metadata": pub.metadata}
        pubs.append({**one, **({"registers": registers} if registers else {"values": values})})
    return {"pubs": pubs, "metadata": result.metadata}


def counts_of(data: BitArray) -> list[dict[str, int]]:
    """The counts of each point, in C order over the shape; one for the shape ``()``."""
    if not data.shape:
        return [data.get_counts()]
    return [data.get_counts(point) for point in np.ndindex(data.shape)]
