"""A group of options: made from keywords or a dict, set by attribute or update(). No I/O.

A group's ``__dict__`` holds what was set, and the groups within it. All else reads as the default
of the class. Unknown names are refused on every way in, with the nearest right one. Groups are
dataclasses to whoever asks: `dataclasses.fields`, `asdict` and `replace` work on them, and the
official client's options, which are dataclasses too, can be given instead of a dict.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    NoReturn,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)
from typing import get_type_hints as type_hints

import msgspec
from msgspec import UNSET, UnsetType

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.wire.request.option_defaults import (
    ServiceDefault,
    take_service_defaults,
)
from qiskit_rest_primitives.wire.request.option_docs import GroupDocstring, meanings
from qiskit_rest_primitives.wire.request.option_values import Option

if TYPE_CHECKING:
    from typing_extensions import ParamSpec, dataclass_transform

    from qiskit_rest_primitives.display.options_card import OptionRow

    KeywordsT = ParamSpec("KeywordsT")
else:

    def dataclass_transform(**_: Any) -> Callable[[type], type]:
        """Only type checkers need the real one, which Python 3.10 lacks."""
        return lambda cls: cls


GroupT = TypeVar("GroupT", bound="OptionGroup")
# Names in other clients and versions, too different in spelling for a suggestion.
CURES = {
    "shots": "use default_shots, or run(pubs, shots=...)",
    "precision": "use default_precision, or run(pubs, precision=...)",
    "seed": "use simulator.seed_simulator, or the estimator's seed_estimator",
    "optimization_level": "circuits are sent as they are; transpile them with"
    " qiskit.transpiler.generate_preset_pass_manager(optimization_level, backend)",
    "skip_transpilation": "circuits are always sent as they are",
}
# The options of each primitive, by program id.
_PRIMITIVES: dict[str, type[OptionGroup]] = {}


class UnknownOptionError(OptionsError, AttributeError):
    """The group has no option of this name."""


class Group(Generic[GroupT]):
    """Type of a group within a group: reads as the group, can be set to a dict or a group.

    For type checkers; nothing of it exists at run time but the name in annotations.
    """

    if TYPE_CHECKING:

        def __get__(self, group: OptionGroup, owner: type) -> GroupT: ...
        def __set__(
            self, group: OptionGroup, value: GroupT | Mapping[str, Any] | UnsetType
        ) -> None: ...
        def __delete__(self, group: OptionGroup) -> None: ...


if TYPE_CHECKING:

    class _Update:
        """The method `update`: it takes what the constructor of its class takes."""

        def __get__(
            self, group: object, owner: Callable[KeywordsT, object]
        ) -> Callable[KeywordsT, None]: ...


def group() -> Any:
    """The default of a field of type Group; each object gets a group of its own."""
    return UNSET


@dataclass_transform(kw_only_default=True)
class OptionGroup:
    """Base of all groups; a subclass declares an option as ``name: type = default``.

    Args:
        **options: values by name; groups within as dicts or group objects.

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    __group_path__: ClassVar[str] = ""
    __experimental__: ClassVar[Mapping[str, type]] = {}
    __service_defaults__: ClassVar[Mapping[str, ServiceDefault]] = {}

    def __init_subclass__(
        cls, *, path: str = "", program_id: str = "", experimental: Mapping[str, type] | None = None
    ) -> None:
        """Registers a group.

        Args:
            path: its position in the options of a primitive, such as ``resilience.zne``.
            program_id: the primitive, if these are all its options.
            experimental: types of members that the service takes here and users set in
                ``experimental``.
        """
        cls.__service_defaults__ = take_service_defaults(cls)
        # Before the docstring is one that is read from the source when it is first asked for.
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        cls.__group_path__ = path or cls.__group_path__
        cls.__experimental__ = experimental or cls.__experimental__
        setattr(cls, "__doc__", GroupDocstring(cls.__doc__))  # noqa: B010 - typed as str
        names = [name for base in cls.__mro__[::-1] for name in inspect.get_annotations(base)]
        cls.__signature__ = inspect.Signature(
            [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=UNSET)
                for name in dict.fromkeys(names)
                if not name.startswith("_")
            ]
        )
        if program_id:
            _PRIMITIVES[program_id] = cls

    # Type checkers know the fields; with these methods they would accept any name.
    if TYPE_CHECKING:
        update: ClassVar = _Update()
        """Sets some options and keeps the others; dicts are merged into the groups within."""
    else:

        def update(self, **options: Any) -> None:
            """Sets some options and keeps the others; dicts are merged into the groups within.

            Raises:
                OptionsError: as in the constructor; then nothing is changed.
            """
            _merge(_clone(self), options)
            _merge(self, options)

        def __init__(self, **options: Any):
            for name, inner in groups_of(type(self)).items():
                vars(self)[name] = inner()
            for name, value in options.items():
                setattr(self, name, value)

        def __setattr__(self, name: str, value: Any) -> None:
            _set(self, name, value)

        def __delattr__(self, name: str) -> None:
            _set(self, name, UNSET)

        def __getattr__(self, name: str) -> Any:
            # Python asks for dunders while it copies and unpickles.
            if name.startswith("_"):
                raise AttributeError(name)
            _refuse_name(type(self), name)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return dict(_values(self)) == dict(_values(cast("OptionGroup", other)))

    __hash__ = None  # pyright: ignore[reportAssignmentType] - mutable, like a dict

    def __repr__(self) -> str:
        shown = (
            f"{name}={'Unset' if value is UNSET else repr(value)}" for name, value in _values(self)
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_html_(self) -> str:
        from qiskit_rest_primitives.display.options_card import options_card

        return options_card(type(self).__name__, option_rows(self))


def is_unset(value: object) -> bool:
    """Whether the value is Unset, ours or the official client's object of the same name."""
    return type(value).__name__ == "UnsetType"


def default_of(cls: type[OptionGroup], name: str) -> Any:
    """What the service takes for an option that is not sent, as declared.

    >>> default_of(ZneOptions, "noise_factors")
    (1, 3, 5)
    """
    return cls.__service_defaults__[name].value


def path_of(cls: type[OptionGroup], name: str = "") -> str:
    """Dotted name of a group, or of an option in it."""
    return ".".join(filter(None, [cls.__group_path__, name]))


@cache
def options_of(cls: type[OptionGroup]) -> dict[str, Option]:
    """The options of a group by name, without the groups within."""
    hints = type_hints(cls, include_extras=True)
    names = [name for name in hints if not name.startswith("_") and name not in groups_of(cls)]
    return {name: Option(path_of(cls, name), hints[name]) for name in names}


@cache
def groups_of(cls: type[OptionGroup]) -> dict[str, type[OptionGroup]]:
    """The classes of the groups within a group by name."""
    hints = type_hints(cls).items()
    return {name: get_args(hint)[0] for name, hint in hints if get_origin(hint) is Group}


def paths(cls: type[OptionGroup]) -> dict[str, type[OptionGroup]]:
    """Dotted names of all options and groups in a group, at any depth, with their groups."""
    found = {path_of(cls, name): cls for name in (*options_of(cls), *groups_of(cls))}
    for inner in groups_of(cls).values():
        found.update(paths(inner))
    return found


def settings_of(group: OptionGroup) -> dict[str, Any]:
    """The options that were set, as nested dicts."""
    return {
        name: settings_of(value) if isinstance(value, OptionGroup) else value
        for name, value in vars(group).items()
    }


def option_rows(group: OptionGroup, depth: int = 0) -> list[OptionRow]:
    """All options of a group with value, default, unit and meaning; groups within come last.

    >>> rows = {row.path: row for row in option_rows(SamplerOptions(max_execution_time=60))}
    >>> rows["max_execution_time"].value, rows["execution.rep_delay"].unit
    (60, 's')
    """
    # Only cards and documentation need rows.
    from qiskit_rest_primitives.display.options_card import OptionRow
    from qiskit_rest_primitives.wire.request.option_rows import option_row

    cls, settings = type(group), vars(group)
    texts = meanings(cls)
    rows = [
        option_row(
            path_of(cls, name),
            depth,
            texts.get(name, ""),
            is_set=name in settings,
            value=settings.get(name),
        )
        for name in options_of(cls)
    ]
    for name in groups_of(cls):
        within = option_rows(settings[name], depth + 1)
        is_set = any(row.is_set for row in within)
        rows.append(OptionRow(path_of(cls, name), depth, True, is_set, meaning=texts.get(name, "")))
        rows += within
    return rows


def from_mapping(cls: type[GroupT], options: Mapping[str, Any]) -> GroupT:
    """Makes a group from a dict, whose groups within are dicts or group objects."""
    made = cls()
    for name, value in options.items():
        _set(made, name, value)
    return made


@cache
def struct_of(cls: type[OptionGroup]) -> type[msgspec.Struct]:
    """The group's JSON as a struct that refuses unknown names, for fast and strict decoding.

    Returns:
        A class whose objects have the group's attributes; missing members are UNSET, and a group
        within is a struct of its own.
    """
    fields: list[Any] = [
        (name, Union[option.json_type, UnsetType], UNSET)  # noqa: UP007 - types at run time
        for name, option in options_of(cls).items()
    ]
    fields += [(name, Union[kind, UnsetType], UNSET) for name, kind in cls.__experimental__.items()]  # noqa: UP007 - as above
    for name, inner in groups_of(cls).items():
        struct = struct_of(inner)
        fields.append((name, struct, msgspec.field(default_factory=struct)))
    return msgspec.defstruct(
        cls.__name__, fields, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
    )


def mapping_from(cls: type[OptionGroup], value: object) -> Mapping[str, Any] | None:
    """The settings in a dict, or in the official client's options of the same name.

    Args:
        cls: the class of ours that they are for.
        value: what a user passed.

    Returns:
        Names to values; an official object's without those that nobody set. None if it is neither.
    """
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value)
    names = {base.__name__ for base in type(value).__mro__}
    if cls.__name__ not in names or not dataclasses.is_dataclass(value):
        return None
    if hasattr(value, "model_dump"):
        # qiskit_ibm_runtime.options_models: pydantic, whose unset options read as their defaults.
        return cast(Any, value).model_dump(exclude_defaults=True)
    settings: dict[str, Any] = {}
    for name in (field.name for field in dataclasses.fields(value)):
        setting, default = getattr(value, name), getattr(cls, name, UNSET)
        # The private field is a version; the environment reads as its defaults where nobody set it.
        if name.startswith("_") or is_unset(setting):
            continue
        if default is UNSET or setting != default:
            settings[name] = setting
    return settings


def _set(group: OptionGroup, name: Any, value: Any) -> None:
    if not isinstance(name, str):
        raise OptionsError(f"names of options must be strings, not {name!r}")
    cls = type(group)
    if name in groups_of(cls):
        vars(group)[name] = _coerce_group(groups_of(cls)[name], value)
    elif name not in options_of(cls):
        _refuse_name(cls, name)
    elif is_unset(value):
        vars(group).pop(name, None)
    else:
        vars(group)[name] = options_of(cls)[name].coerce(value)


def _coerce_group(cls: type[GroupT], value: Any) -> GroupT:
    """Makes a group from what a user passed; our own object is shared with the caller."""
    if isinstance(value, cls):
        return value
    if is_unset(value):
        return cls()
    settings = mapping_from(cls, value)
    if settings is not None:
        return from_mapping(cls, settings)
    raise OptionsError(
        f"option {path_of(cls)} takes a dict or {cls.__name__}, not {type(value).__name__}"
    )


def _merge(group: OptionGroup, options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name in groups_of(type(group)) and isinstance(value, Mapping):
            _merge(vars(group)[name], value)
        else:
            _set(group, name, value)


def _clone(group: GroupT) -> GroupT:
    clone = type(group)()
    for name, value in vars(group).items():
        vars(clone)[name] = _clone(value) if isinstance(value, OptionGroup) else value
    return clone


def _values(group: OptionGroup) -> Iterator[tuple[str, Any]]:
    """Names and values of all options, groups last, set or not."""
    for name in (*options_of(type(group)), *groups_of(type(group))):
        yield name, getattr(group, name)


def _refuse_name(cls: type[OptionGroup], name: str) -> NoReturn:
    raise UnknownOptionError(f"there is no option {path_of(cls, name)}; {_cure(cls, name)}")


def _cure(cls: type[OptionGroup], name: str) -> str:
    import difflib  # of use in errors only; slow to import

    for program_id, primitive in _PRIMITIVES.items():
        if path_of(cls, name) in paths(primitive):
            return f"it is an option of the {program_id} only"
    if name in CURES:
        return CURES[name]
    own = [*options_of(cls), *groups_of(cls)]
    # Nested groups belong to either primitive, so theirs are looked up in both.
    for primitive in _PRIMITIVES.values():
        if cls is primitive or cls in paths(primitive).values():
            for elsewhere in paths(primitive):
                if elsewhere.rpartition(".")[2] == name:
                    return f"did you mean {elsewhere}?"
    if near := difflib.get_close_matches(name, own, n=1, cutoff=0.4):
        return f"did you mean {near[0]}?"
    return f"there are {', '.join(own)}"
