"""Submodules that hand on what the official client has: is it installed?"""

from __future__ import annotations

import importlib
import warnings
from importlib.util import find_spec


def require_official(module: str) -> None:
    """Makes sure that the official client can be imported.

    Args:
        module: the submodule of this package that hands on its names.

    Raises:
        ImportError: it is not installed.
    """
    if find_spec("qiskit_ibm_runtime") is None:
        raise ImportError(
            f"{module} has the names of qiskit_ibm_runtime, which is not installed: run "
            "pip install qiskit-ibm-runtime",
            name=module,
        )
    with warnings.catch_warnings():
        # What it deprecates of its own does not concern a program that imports this package.
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("qiskit_ibm_runtime")
