"""The embedded service: the same REST API on loopback, with Qiskit or Aer behind it.

::

    from qiskit_rest_primitives.local import LocalService

    with LocalService() as local:
        requests.get(f"{local.url}/backends", headers={"Authorization": f"Bearer {local.token}"})

Needs the extra ``[local]``: ``pip install 'qiskit-rest-primitives[local]'``.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_rest_primitives.local.api.faults import Fault, Faults
    from qiskit_rest_primitives.local.limits import Caps, Limits, Retention
    from qiskit_rest_primitives.local.service import LocalService
    from qiskit_rest_primitives.local.users import User

__all__ = ["Caps", "Fault", "Faults", "Limits", "LocalService", "Retention", "User"]

_HOMES = {
    "Caps": "limits",
    "Fault": "api.faults",
    "Faults": "api.faults",
    "Limits": "limits",
    "LocalService": "service",
    "Retention": "limits",
    "User": "users",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    absent = [need for need in ("starlette", "uvicorn") if importlib.util.find_spec(need) is None]
    if absent:
        raise ImportError(
            f"the embedded service needs {' and '.join(absent)}:"
            " pip install 'qiskit-rest-primitives[local]'"
        )
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
