"""What one option may be: descriptors that check a value when it is assigned.

Each takes the value a user writes (NumPy scalars and arrays included), keeps a plain Python one,
and writes it as JSON. ``None`` is refused unless the API knows it as a value of its own.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from numbers import Integral
from numbers import Real as RealNumber
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, cast, overload

import numpy as np

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.unset import Unset, UnsetType, is_unset
from qiskit_rest_primitives.wire.limits import INT32_MAX

if TYPE_CHECKING:
    from qiskit_rest_primitives.options.group import OptionGroup

T = TypeVar("T")
SIZE_LIMIT = 60


class Option(Generic[T]):
    """One option: its meaning, the values it takes, and how it is written as JSON.

    Args:
        meaning: what it does, with its unit.
        default: the service's default in words; it applies while the option is unset.
        nullable: whether ``None`` is a value of its own.
        reads_as: what the option reads as while it is unset.
        sent: False for a switch of this client, which the service never sees.
    """

    name: str
    path: str
    kind: str
    """The values it takes apart from None, in words."""

    def __init__(
        self,
        meaning: str,
        *,
        default: str,
        nullable: bool = False,
        reads_as: Any = Unset,
        sent: bool = True,
    ):
        self.nullable = nullable
        self.reads_as = reads_as
        self.sent = sent
        whose = "Service's default" if sent else "Default"
        self.__doc__ = f"{meaning}\n\nTakes {self.expected}. {whose}: {default}."

    @property
    def expected(self) -> str:
        """The values it takes, in words."""
        return f"{self.kind} or None" if self.nullable else self.kind

    def __set_name__(self, owner: type[OptionGroup], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, group: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, group: OptionGroup, owner: type) -> T | UnsetType: ...
    def __get__(self, group: OptionGroup | None, owner: type) -> Option[T] | T | UnsetType:
        return self if group is None else group.settings.get(self.name, self.reads_as)

    def __set__(self, group: OptionGroup, value: Any) -> None:
        if is_unset(value):
            group.settings.pop(self.name, None)
        else:
            group.settings[self.name] = self.coerce(value)

    def __delete__(self, group: OptionGroup) -> None:
        group.settings.pop(self.name, None)

    def coerce(self, value: Any) -> Any:
        """Checks a user's value and makes it a plain one.

        Raises:
            OptionsError: wrong type or out of range.
        """
        if value is None and self.nullable:
            return None
        return self._check(value)

    def encode(self, value: Any) -> Any:
        """Writes a checked value as JSON-able objects."""
        return None if value is None else self._encode(value)

    def _check(self, value: Any) -> Any:
        return value

    def _encode(self, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    def refuse(self, value: object, cure: str = "") -> NoReturn:
        """Raises the error that names the option, the value and what it takes."""
        text = repr(value)
        if len(text) > SIZE_LIMIT:
            text = f"{text[:SIZE_LIMIT]}... ({type(value).__name__})"
        raise OptionsError(f"option {self.path} takes {self.expected}, not {text}{cure}")


class Bool(Option[bool]):
    """True or False."""

    kind = "True or False"

    def _check(self, value: Any) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            self.refuse(value)
        return bool(value)


def as_integer(value: object) -> int | None:
    """The value as an int; None if it isn't one, as for bools and floats."""
    return int(value) if type(value) is not bool and isinstance(value, Integral) else None


def as_real(value: object) -> float | None:
    """The value as a finite float; None if it isn't one, as for bools."""
    if type(value) is bool or not isinstance(value, RealNumber):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


class Integer(Option[int]):
    """A whole number within bounds that are themselves allowed.

    Args:
        meaning: as in Option.
        at_least: smallest value.
        at_most: largest value.
        auto: whether ``"auto"`` is allowed.
        **common: as in Option.
    """

    def __init__(
        self,
        meaning: str,
        *,
        at_least: int,
        at_most: int = INT32_MAX,
        auto: bool = False,
        **common: Any,
    ):
        self.at_least, self.at_most, self.auto = at_least, at_most, auto
        most = "2**31 - 1" if at_most == INT32_MAX else str(at_most)
        self.kind = f"an integer from {at_least} to {most}" + (' or "auto"' if auto else "")
        super().__init__(meaning, **common)

    def _check(self, value: Any) -> int | str:
        if self.auto and isinstance(value, str) and value == "auto":
            return "auto"
        number = as_integer(value)
        if number is None or not self.at_least <= number <= self.at_most:
            self.refuse(value)
        return number


class Seed(Integer):
    """A seed, or a generator from which every ``run()`` draws a new one."""

    def __init__(self, meaning: str, **common: Any):
        meaning += " A numpy.random.Generator gives a new seed to each run()."
        super().__init__(meaning, at_least=0, nullable=True, **common)

    def _check(self, value: Any) -> Any:
        return value if isinstance(value, np.random.Generator) else super()._check(value)

    def _encode(self, value: Any) -> int:
        if isinstance(value, np.random.Generator):
            return int(value.integers(INT32_MAX, endpoint=True))
        return value


class Real(Option[float]):
    """A finite number above a bound.

    Args:
        meaning: as in Option.
        at_least: smallest value.
        above: bound that is itself not allowed; stands instead of ``at_least``.
        auto: whether ``"auto"`` is allowed.
        **common: as in Option.
    """

    def __init__(
        self,
        meaning: str,
        *,
        at_least: float | None = None,
        above: float | None = None,
        auto: bool = False,
        **common: Any,
    ):
        self.at_least, self.above, self.auto = at_least, above, auto
        bound = f">= {at_least}" if above is None else f"> {above}"
        self.kind = f"a finite number {bound}" + (' or "auto"' if auto else "")
        super().__init__(meaning, **common)

    def _check(self, value: Any) -> float | str:
        if self.auto and isinstance(value, str) and value == "auto":
            return "auto"
        number = as_real(value)
        if (
            number is None
            or (self.at_least is not None and number < self.at_least)
            or (self.above is not None and number <= self.above)
        ):
            self.refuse(value)
        return number


class Choice(Option[str]):
    """One of a few words.

    Args:
        meaning: as in Option.
        words: the words.
        any_case: whether ``debug`` is as good as ``DEBUG``.
        **common: as in Option.
    """

    or_more = ""

    def __init__(
        self, meaning: str, words: Sequence[str], *, any_case: bool = False, **common: Any
    ):
        self.words, self.any_case = tuple(words), any_case
        self.kind = f"one of {', '.join(map(repr, words))}" + self.or_more
        super().__init__(meaning, **common)

    def _check(self, value: Any) -> str:
        if not isinstance(value, str):
            self.refuse(value)
        word = value.upper() if self.any_case else value
        if word not in self.words:
            near = difflib.get_close_matches(word, self.words, n=1)
            self.refuse(value, f"; did you mean {near[0]!r}?" if near else "")
        return str(word)


class Choices(Choice):
    """One of a few words, or a sequence of them that is not empty."""

    or_more = ", or a list of these"

    def _check(self, value: Any) -> Any:
        if isinstance(value, str) or not isinstance(value, Sequence) or not value:
            return super()._check(value)
        words = [super(Choices, self)._check(word) for word in cast("Sequence[Any]", value)]
        return tuple(words) if isinstance(value, tuple) else words


class Items(Option[Sequence[Any]]):
    """A list; subclasses say of what. A tuple stays a tuple, an array becomes a list."""

    def _check(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            value = cast("list[Any]", value.tolist())
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            self.refuse(value)
        items = [self._check_item(item, value) for item in cast("Sequence[Any]", value)]
        return tuple(items) if isinstance(value, tuple) else items

    def _check_item(self, item: Any, value: Any) -> Any:
        """Checks one item of ``value``."""
        return item


class Reals(Items):
    """A list of finite numbers, each at least as large as a bound."""

    def __init__(self, meaning: str, *, at_least: float | None, auto: bool = False, **common: Any):
        self.at_least, self.auto = at_least, auto
        bound = "" if at_least is None else f" >= {at_least}"
        self.kind = f"a list of finite numbers{bound}" + (' or "auto"' if auto else "")
        super().__init__(meaning, **common)

    def _check(self, value: Any) -> Any:
        return (
            "auto"
            if self.auto and isinstance(value, str) and value == "auto"
            else super()._check(value)
        )

    def _check_item(self, item: Any, value: Any) -> float:
        number = as_real(item)
        if number is None or (self.at_least is not None and number < self.at_least):
            self.refuse(value)
        return number


class Integers(Items):
    """A list of whole numbers that are not negative."""

    kind = "a list of integers >= 0"

    def _check_item(self, item: Any, value: Any) -> int:
        number = as_integer(item)
        if number is None or number < 0:
            self.refuse(value)
        return number
