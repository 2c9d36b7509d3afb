"""Options of a primitive -> members of the job's body; what a user passed -> options. No I/O."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, cast

from msgspec import UNSET

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.encoding import encode_value
from qiskit_rest_primitives.options.job_options import JobOptions, PrimitiveOptions
from qiskit_rest_primitives.options.rules import check_rules
from qiskit_rest_primitives.wire.request.option_group import (
    OptionGroup,
    from_mapping,
    groups_of,
    mapping_from,
    options_of,
    path_of,
)

OptionsT = TypeVar("OptionsT", bound=JobOptions)


class OptionsOnWire(NamedTuple):
    """What was set, as JSON-able objects.

    Attributes:
        params: beside ``pubs`` in the job's ``params``: ``options`` and ``resilience_level``.
        job: beside ``params``: ``tags``, ``log_level``, ``private``, ``cost`` (s), ``runtime``.
    """

    params: dict[str, Any]
    job: dict[str, Any]


def coerce_options(cls: type[OptionsT], options: OptionsT | Mapping[str, Any] | None) -> OptionsT:
    """Makes options of what a primitive's constructor takes.

    Args:
        cls: options of the primitive.
        options: None, a nested dict, options of this class, or the official client's of the same
            name. As there, options of this class are copied, but the groups within are shared
            with the caller's object.

    Raises:
        OptionsError: unknown name, wrong type, out of range, or options of another primitive.
    """
    if options is None:
        return cls()
    if isinstance(options, cls):
        made = cls()
        vars(made).update(vars(options))
        return made
    settings = mapping_from(cls, options)
    if settings is not None:
        return from_mapping(cls, settings)
    raise OptionsError(f"options are a dict or {cls.__name__}, not {type(options).__name__}")


def set_from_keyword(options: JobOptions, path: str, value: object, keyword: str) -> None:
    """Sets one option to what a keyword of a primitive's constructor says.

    Args:
        options: of the primitive; the groups that it shares with its user's object stay as they
            are.
        path: the option's dotted name.
        value: the keyword's value.
        keyword: its name, for the message.

    Raises:
        OptionsError: a wrong value, or the options have another one.
    """
    *groups, name = path.split(".")
    group: OptionGroup = options
    for inner in groups:
        own = copy.copy(getattr(group, inner))
        setattr(group, inner, own)
        group = own
    before = getattr(group, name)
    setattr(group, name, value)
    if before is not UNSET and before is not None and before != getattr(group, name):
        raise OptionsError(f"{keyword}={value!r} and options.{path}={before!r}: pass one of them")


def encode_options(options: PrimitiveOptions) -> OptionsOnWire:
    """Writes what was set; a numpy.random.Generator gives a new seed on each call.

    Raises:
        OptionsError: a value or a combination that the service refuses or would not act on.
    """
    check_rules(options)
    written = encode_group(options)
    for switch in ("split", "mitigation", "program"):
        written.pop(switch, None)
    job = take_job_members(written)
    params: dict[str, Any] = {}
    if "resilience_level" in written:
        params["resilience_level"] = written.pop("resilience_level")
    experimental = written.pop("experimental", {})
    if "image" in experimental:
        job["runtime"] = experimental.pop("image")
    known = {*options_of(type(options)), *groups_of(type(options))}
    for name in [name for name in experimental if name in known]:
        _merge(written, name, experimental.pop(name))
    if experimental:
        written["experimental"] = experimental
    if written:
        params["options"] = written
    return OptionsOnWire(params, job)


def take_job_members(written: dict[str, Any]) -> dict[str, Any]:
    """Takes what `JobOptions` holds out of written options: members beside ``params``."""
    written.pop("isa_check", None)
    environment = written.pop("environment", {})
    job: dict[str, Any] = {}
    if tags := environment.get("job_tags"):
        job["tags"] = tags
    if "log_level" in environment:
        job["log_level"] = environment["log_level"].lower()
    if environment.get("private") is not None:
        job["private"] = environment["private"]
    if environment.get("image") is not None:
        job["runtime"] = environment["image"]
    if "max_execution_time" in written:
        job["cost"] = written.pop("max_execution_time")
    return job


def encode_group(group: OptionGroup) -> dict[str, Any]:
    """Writes what was set in a group, without groups that are empty.

    Raises:
        OptionsError: a value that was changed in place to one that the option does not take.
    """
    written: dict[str, Any] = {}
    for name, value in vars(group).items():
        if not isinstance(value, OptionGroup):
            checked = options_of(type(group))[name].coerce(value)
            written[name] = encode_value(checked, path_of(type(group), name))
        elif inner := encode_group(value):
            written[name] = inner
    return written


def _merge(written: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, dict) and isinstance(written.get(name), dict):
        for key, item in cast("dict[str, Any]", value).items():
            _merge(written[name], key, item)
    else:
        written[name] = value
