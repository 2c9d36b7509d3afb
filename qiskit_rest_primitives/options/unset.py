"""Unset: what an option reads as while nobody has set it."""

from __future__ import annotations

from typing import Final


class UnsetType:
    """Type of :data:`Unset`; there is one instance, also after copying and pickling."""

    _instance: UnsetType | None = None

    def __new__(cls) -> UnsetType:
        """Gives the one instance."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "Unset"

    def __reduce__(self) -> str:
        return "Unset"


Unset: Final = UnsetType()
"""Not set: the service's default applies, and nothing is sent. Assign it to take a setting back."""


def is_unset(value: object) -> bool:
    """Whether the value is Unset, ours or the official client's object of the same name."""
    return type(value).__name__ == "UnsetType"
