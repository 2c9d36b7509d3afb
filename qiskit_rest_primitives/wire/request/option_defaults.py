"""What applies where an option is not set: declared at the option, read by documentation and code.

A default that depends on other options, or on the device, is no value: it stands in the docstring.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from msgspec import UNSET


@dataclass(frozen=True)
class ServiceDefault:
    """The value that the service takes for an option that is not sent.

    >>> print(ServiceDefault(("exponential", 3)), ServiceDefault(None, "no noise"), sep="; ")
    ("exponential", 3); None, no noise

    Attributes:
        value: as users would set it.
        note: what it means or amounts to; empty if it speaks for itself.
    """

    value: Any
    note: str = ""

    def __str__(self) -> str:
        return ", ".join(filter(None, [_written(self.value), self.note]))


def service_default(value: Any, note: str = "") -> Any:
    """The default of a field that is Unset until it is set, and then not sent."""
    return ServiceDefault(value, note)


def take_service_defaults(cls: type) -> dict[str, ServiceDefault]:
    """Makes the fields of a new class Unset that have a service's default.

    Returns:
        The defaults by name, with those of the base classes.
    """
    found: dict[str, ServiceDefault] = {}
    for base in reversed(cls.__bases__):
        found.update(getattr(base, "__service_defaults__", {}))
    for name, value in list(vars(cls).items()):
        if isinstance(value, ServiceDefault):
            found[name] = value
            setattr(cls, name, UNSET)
    return found


def said_default(cls: type, name: str) -> str:
    """The sentence about the default of an option, or nothing if its docstring has it."""
    declared = vars(cls)["__service_defaults__"].get(name)
    if declared is not None:
        return f" Service's default: {declared}."
    value = vars(cls).get(name, UNSET)
    return "" if value is UNSET else f" Default: {_written(value)}."


def _written(value: object) -> str:
    """The value as Python, with double quotes."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, cast('tuple[object, ...]', value)))})"
    return json.dumps(value) if isinstance(value, str) else repr(value)
