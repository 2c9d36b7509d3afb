"""A token that neither prints nor pickles."""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """A token that shows itself only when asked, by `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """The token itself."""
        return self._value

    def __repr__(self) -> str:
        return "<hidden>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is never pickled")


class HiddenDict(dict[str, str]):
    """A dictionary whose values, such as proxy URLs with passwords, are not printed."""

    def __repr__(self) -> str:
        return f"<{len(self)} hidden>"

    __str__ = __repr__
