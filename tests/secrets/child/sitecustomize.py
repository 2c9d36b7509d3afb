"""Python runs this at the start of each child process of a checked test, from ``PYTHONPATH``."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType


def _beside(name: str) -> ModuleType:
    """A module of the folder above; the child may run anywhere and need not find ``tests``."""
    path = Path(__file__).parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"_checked_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if os.environ.get("CHECKED_CHILDREN"):
    _beside("marking").mark_drawn_secrets()
    _beside("reporting").report_from_child(os.environ["CHECKED_CHILDREN"])
