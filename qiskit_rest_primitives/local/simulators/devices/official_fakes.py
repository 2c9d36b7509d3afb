"""What the official client's channel "local" has by name: fake devices, and Aer's simulator."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

_NAME = re.compile(r"fake_[a-z][a-z0-9_]*")
_PACKAGE = "qiskit_ibm_runtime"


def official_fake(name: str) -> BackendV2 | None:
    """The fake device of that name, such as ``fake_manila``; None if there is none.

    Imports qiskit_ibm_runtime, which takes a second, for names that may be one only.
    """
    if name == "aer_simulator" and importlib.util.find_spec("qiskit_aer") is not None:
        from qiskit_aer import AerSimulator

        return AerSimulator()
    if _NAME.fullmatch(name) is None or importlib.util.find_spec(_PACKAGE) is None:
        return None
    kind = _classes().get(name)
    return None if kind is None else kind()


def package_for(name: str) -> str:
    """The package to install for a name that looks like a fake device's; "" if that is there."""
    if _NAME.fullmatch(name) is None or importlib.util.find_spec(_PACKAGE) is not None:
        return ""
    return "qiskit-ibm-runtime"


@cache
def _classes() -> dict[str, Any]:
    provider: Any = importlib.import_module(f"{_PACKAGE}.fake_provider")
    found = [kind for kind in vars(provider).values() if isinstance(kind, type)]
    return {kind.backend_name: kind for kind in found if getattr(kind, "backend_name", None)}
