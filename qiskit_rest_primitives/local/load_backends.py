"""``module:function`` -> the backends that it returns. For ``qiskit-rest serve --backend``."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.local.simulators.foreign.backend import examine

if TYPE_CHECKING:
    from qiskit.providers import BackendV2


def load_backends(place: str) -> list[BackendV2]:
    """Calls a function that makes one backend, or a list of them.

    Args:
        place: ``module:function``; a class does as well. Modules of the current folder are found.

    Raises:
        ValueError: there is no such module or function, it raised, or it returned something that
            can't be served; says which.
    """
    module_name, _, path = place.partition(":")
    if not module_name or not path:
        raise ValueError(f"--backend {place}: write MODULE:FUNCTION, such as my_lab:backends")
    made = _call(place, _found(place, _imported(place, module_name), path))
    backends: list[Any] = list(cast("Any", made)) if isinstance(made, (list, tuple)) else [made]
    for backend in backends:
        try:
            examine(backend)
        except BackendError as error:
            raise ValueError(f"--backend {place}: {error}") from error
    if not backends:
        raise ValueError(f"--backend {place}: it returned no backend")
    return backends


def _imported(place: str, name: str) -> Any:
    folder = os.getcwd()
    # "" stands for the current folder already where Python was started with -m.
    if folder not in sys.path and "" not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise ValueError(f"--backend {place}: {name} needs a module: {error}") from error
        raise ValueError(
            f"--backend {place}: there is no module {error.name!r}, neither in {folder} nor among "
            "the installed packages"
        ) from None
    except Exception as error:  # whatever the module does when it is imported
        raise ValueError(
            f"--backend {place}: importing {name} failed: {type(error).__name__}: {error}"
        ) from error


def _found(place: str, module: Any, path: str) -> Any:
    found = module
    for name in path.split("."):
        if not hasattr(found, name):
            raise ValueError(f"--backend {place}: {module.__name__} has no {path!r}")
        found = getattr(found, name)
    if not callable(found):
        raise ValueError(
            f"--backend {place}: it is an object of type {type(found).__name__}, and not a "
            "function that returns backends"
        )
    return found


def _call(place: str, function: Any) -> Any:
    try:
        return function()
    except Exception as error:  # whatever the function does
        raise ValueError(f"--backend {place}: it raised {type(error).__name__}: {error}") from error
