"""The values that one option accepts, by its annotation. In: a user's value. Out: a plain value.

An annotation names JSON types with their range or choices, such as ``Annotated[int, Meta(ge=1)]``
or ``Literal["auto"]``, and objects that JSON lacks, marked with :class:`Objects`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from numbers import Integral, Real
from types import UnionType
from typing import Annotated, Any, NoReturn, TypeGuard, Union, cast, get_args, get_origin

import msgspec
import numpy as np
from msgspec import UnsetType, inspect

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.wire.limits import INT32_MAX
from qiskit_rest_primitives.wire.values.excerpt import brief

MAX_SHOWN = 60


@dataclass(frozen=True)
class Objects:
    """Marks, in an annotation, objects that an option keeps unchanged until they are sent.

    Attributes:
        name: their name in error messages.
        accepts: whether a value is one.
    """

    name: str
    accepts: Callable[[object], bool]


class Option:
    """The values that one option accepts.

    Args:
        path: dotted name, for error messages.
        annotation: its declared type.
    """

    def __init__(self, path: str, annotation: Any):
        union = get_origin(annotation) in (Union, UnionType)
        members = get_args(annotation) if union else (annotation,)
        marks = {member: _mark(member) for member in members if member is not UnsetType}
        self.path = path
        self.json_type: Any = Union[tuple(m for m, mark in marks.items() if mark is None)]  # noqa: UP007 - types at run time
        self._objects = [mark for mark in marks.values() if mark is not None]
        info = inspect.type_info(self.json_type)
        self._kinds = info.types if isinstance(info, inspect.UnionType) else (info,)

    def coerce(self, value: Any) -> Any:
        """Checks a value and makes it plain: NumPy's numbers and arrays become Python's.

        Returns:
            JSON-able values, or one of the objects that the option takes; a tuple stays a tuple.

        Raises:
            OptionsError: wrong type or out of range.
        """
        if any(objects.accepts(value) for objects in self._objects):
            return value
        try:
            plain = msgspec.convert(_plain(value), self.json_type)
        except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
            self._refuse(value)
        return tuple(plain) if isinstance(value, tuple) else plain

    @property
    def takes(self) -> str:
        """The accepted values, in words."""
        null = [kind for kind in self._kinds if isinstance(kind, inspect.NoneType)]
        words = [_words(kind) for kind in self._kinds if kind not in null]
        words += [objects.name for objects in self._objects] + ["None"] * len(null)
        return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

    def _refuse(self, value: Any) -> NoReturn:
        import difflib  # of use in errors only; slow to import

        choices = [
            str(choice)
            for kind in self._kinds
            if isinstance(kind, inspect.LiteralType)
            for choice in kind.values
        ]
        items = [value] if isinstance(value, str) else value if _is_list(value) else []
        wrong = [item for item in items if isinstance(item, str) and item not in choices]
        near = difflib.get_close_matches(wrong[0], choices, n=1) if wrong else []
        cure = f"; did you mean {near[0]!r}?" if near else ""
        raise OptionsError(
            f"option {self.path} takes {self.takes}, not {_shown(value)}{cure}"
        ) from None


def is_generator(value: object) -> bool:
    """Whether the value is NumPy's random generator."""
    return isinstance(value, np.random.Generator)


def is_coupling_map(value: object) -> bool:
    """Whether the value is Qiskit's CouplingMap, by its method, since its import is slow."""
    return hasattr(value, "get_edges")


def is_noise_model(value: object) -> bool:
    """Whether the value is Aer's NoiseModel, by its class name, since Aer is optional."""
    return any(
        base.__name__ == "NoiseModel" and base.__module__.startswith("qiskit_aer.")
        for base in type(value).__mro__
    )


def is_learned_noise(value: object) -> bool:
    """Whether the value is a result of noise learning or a part of it, recognised by name."""
    return type(value).__name__ in ("NoiseLearnerResult", "LayerError", "PauliLindbladError")


def is_layer_noise(value: object) -> bool:
    """Whether the value is a result of noise learning, or a list of its layers or their JSON."""
    if not isinstance(value, (list, tuple)):
        return is_learned_noise(value)
    layers = cast("Sequence[object]", value)
    return all(isinstance(layer, dict) or is_learned_noise(layer) for layer in layers)


def _mark(member: Any) -> Objects | None:
    if get_origin(member) is not Annotated:
        return None
    return next((mark for mark in get_args(member)[1:] if isinstance(mark, Objects)), None)


def _shown(value: object) -> str:
    # repr() of an int of thousands of digits is an error.
    text = brief(value) if type(value) is int else repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}... ({type(value).__name__})"


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def _plain(value: Any) -> Any:
    """Converts a value to Python's own number, list or dict; others are returned unchanged.

    Raises:
        ValueError: it is a set, or a number that is not finite.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("not finite")
        return number
    if isinstance(value, AbstractSet):
        raise ValueError("sets have no order")
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    return [_plain(item) for item in value] if _is_list(value) else value


def _words(kind: inspect.Type, many: bool = False) -> str:
    """A JSON type in words, such as ``an integer from 0 to 2`` or, of many, ``integers >= 0``."""
    match kind:
        case inspect.BoolType():
            return "True or False"
        case inspect.IntType():
            return ("integers" if many else "an integer") + _range(kind)
        case inspect.FloatType():
            return ("finite numbers" if many else "a finite number") + _range(kind)
        case inspect.LiteralType(values=[word]):
            return f'"{word}"'
        case inspect.LiteralType(values=words):
            return "these" if many else f"one of {', '.join(map(repr, words))}"
        case inspect.StrType(max_length=length):
            limit = "" if length is None else f" of at most {length} characters"
            return ("strings" if many else "a string") + limit
        case inspect.ListType(min_length=2, max_length=2):
            return f"pairs of {_words(kind.item_type, many=True)}"
        case inspect.ListType(item_type=item, max_length=length):
            most = "" if length is None else f"at most {length} "
            return f"a list of {most}{_words(item, many=True)}"
        case inspect.UnionType(types=members):
            return " and ".join(_words(member, many) for member in members)
        case inspect.NoneType():
            return "None"
        case inspect.DictType():
            return "dicts" if many else "a dict"
        case _:
            raise TypeError(f"options have no description of {kind}")


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.le is not None:
        return f" from {kind.ge} to {'2**31 - 1' if kind.le == INT32_MAX else kind.le}"
    if kind.ge is not None:
        return f" >= {kind.ge:g}"
    return "" if kind.gt is None else f" > {kind.gt:g}"
