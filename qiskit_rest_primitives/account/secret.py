"""Values that neither print nor pickle: tokens, and URLs with passwords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")


class Secret(Generic[T]):
    """A token, or whatever else holds one, that only `reveal` shows."""

    __slots__ = ("_value",)

    def __init__(self, value: T):
        self._value = value

    def reveal(self) -> T:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "<hidden>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Secret[T]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret[T]:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is never pickled")


class HiddenUrls(Mapping[str, str]):
    """URLs by scheme, such as those of proxies with passwords, that are not printed."""

    __slots__ = ("_urls",)

    def __init__(self, urls: Mapping[str, str]):
        self._urls = {scheme: Secret(url) for scheme, url in urls.items()}

    def __getitem__(self, scheme: str) -> str:
        return self._urls[scheme].reveal()

    def __iter__(self) -> Iterator[str]:
        return iter(self._urls)

    def __len__(self) -> int:
        return len(self._urls)

    def __repr__(self) -> str:
        return f"<{len(self)} hidden>"


def hide(value: Any) -> Any:
    """A `Secret` of the value; a `Secret`, and an empty value, are returned unchanged.

    A function that takes a secret does this first: a debugger or an error tracker shows the
    local variables of every frame that an error passes.
    """
    return value if not value or isinstance(value, Secret | HiddenUrls) else Secret(value)


def revealed(value: Any) -> Any:
    """What is in a `Secret`; anything else as it is."""
    return value.reveal() if isinstance(value, Secret) else value
