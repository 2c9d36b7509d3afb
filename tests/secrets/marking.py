"""The marker, also in generated secrets. Standard library only: child processes import it."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any

# Hexadecimal, so that it fits into any kind of token; in pieces, so that no source line in a
# traceback and no compiled file contains it.
MARKER = os.environ.get("TESTS_MARKER") or "".join(("5ec4e7", "0bad", "c0ffee"))

USED: set[str] = set()
"""The secrets of this process so far."""

DRAWING = ("auth", "service", "store")
"""Modules of ``qiskit_rest_primitives.local`` whose ``secrets`` are secret (others draw ids)."""


def used(text: str) -> str:
    """Records that a secret is in use, and returns it."""
    USED.add(text)
    return text


class MarkedSecrets:
    """Replaces the standard library's ``secrets`` where keys and tokens are generated.

    The id inside a JSON web token has the marker too, so that each issued token is found by
    the marker's Base64.
    """

    @staticmethod
    def token_hex(size: int) -> str:
        """Hexadecimal digits."""
        return used(MARKER + os.urandom(size).hex())

    @staticmethod
    def token_urlsafe(size: int) -> str:
        """Characters for URLs."""
        return used(f"{MARKER}-{os.urandom(size).hex()}")

    @staticmethod
    def token_bytes(size: int) -> bytes:
        """As many bytes."""
        return used(MARKER + os.urandom(size).hex())[:size].encode()


class MarkingFinder:
    """Finds the modules that generate secrets, and patches them when they are loaded."""

    def __init__(self) -> None:
        self.names = {f"qiskit_rest_primitives.local.{name}" for name in DRAWING}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """As importlib asks; None for all other modules."""
        if name not in self.names:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            real = spec.loader.exec_module

            def load(module: ModuleType) -> None:
                real(module)
                module.secrets = MarkedSecrets

            spec.loader.exec_module = load
        return spec


def mark_drawn_secrets() -> None:
    """Makes secrets that the embedded service generates contain the marker."""
    finder = MarkingFinder()
    for name in finder.names & set(sys.modules):
        sys.modules[name].secrets = MarkedSecrets
    sys.meta_path.insert(0, finder)
