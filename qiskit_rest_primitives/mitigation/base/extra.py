"""What the extras ``[mitigation]`` and ``[executor]`` install, and the message if it is missing."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Final

INSTALL: Final = "pip install 'qiskit-rest-primitives[mitigation]'"
INSTALL_EXECUTOR: Final = "pip install 'qiskit-rest-primitives[executor]'"


@cache
def extra_is_installed() -> bool:
    """Whether its package can be imported, without importing it."""
    return find_spec("samplomatic") is not None
