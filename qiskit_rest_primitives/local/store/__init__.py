"""Jobs and sessions between requests: kept on disk, listed, counted, pruned and backed up."""

from __future__ import annotations

from qiskit_rest_primitives.local.store.disk_full import StorageFullError
from qiskit_rest_primitives.local.store.schema import FINAL, IS_PENDING, PENDING, SCHEMA_VERSION
from qiskit_rest_primitives.local.store.store import (
    JOB_COLUMNS,
    LARGE_BODY,
    JobCount,
    Store,
    encode_tags,
)

__all__ = [
    "FINAL",
    "IS_PENDING",
    "JOB_COLUMNS",
    "LARGE_BODY",
    "PENDING",
    "SCHEMA_VERSION",
    "JobCount",
    "StorageFullError",
    "Store",
    "encode_tags",
]
