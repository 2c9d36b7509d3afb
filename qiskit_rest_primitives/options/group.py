"""A group of options: made from keywords, a dict or another group; set by attribute or update().

Unknown names are refused on every way in, with the nearest right one.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, cast, overload

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options.fields import Option
from qiskit_rest_primitives.options.unset import Unset, is_unset

GroupT = TypeVar("GroupT", bound="OptionGroup")
# Names of other clients and versions, which no spelling distance leads to.
CURES = {
    "shots": "use default_shots, or run(pubs, shots=...)",
    "precision": "use default_precision, or run(pubs, precision=...)",
    "seed": "use simulator.seed_simulator, or the estimator's seed_estimator",
    "optimization_level": "circuits are sent as they are; transpile them with"
    " qiskit.transpiler.generate_preset_pass_manager(optimization_level, backend)",
    "skip_transpilation": "circuits are always sent as they are",
}


class UnknownOptionError(OptionsError, AttributeError):
    """There is no option of this name here."""


class Group(Generic[GroupT]):
    """A group within a group; takes a dict, or a group object, which is then shared, not copied."""

    name: str

    def __init__(self, group_class: type[GroupT]):
        self.group_class = group_class
        self.__doc__ = f"{inspect.getdoc(group_class)}\n\nTakes a dict or {group_class.__name__}."

    def __set_name__(self, owner: type[OptionGroup], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, group: None, owner: type) -> Group[GroupT]: ...
    @overload
    def __get__(self, group: OptionGroup, owner: type) -> GroupT: ...
    def __get__(self, group: OptionGroup | None, owner: type) -> Group[GroupT] | GroupT:
        return self if group is None else group.settings[self.name]

    def __set__(self, group: OptionGroup, value: GroupT | Mapping[str, Any]) -> None:
        if is_unset(value):
            group.settings[self.name] = self.group_class()
        elif isinstance(value, self.group_class):
            group.settings[self.name] = value
        elif isinstance(value, Mapping):
            group.settings[self.name] = self.group_class.from_mapping(value)
        else:
            raise OptionsError(
                f"option {self.group_class.path} takes a dict or {self.group_class.__name__},"
                f" not {type(value).__name__}"
            )

    def __delete__(self, group: OptionGroup) -> None:
        group.settings[self.name] = self.group_class()


class OptionGroup:
    """Base of all groups.

    Args:
        **options: values by name; groups within as dicts or group objects.

    Raises:
        OptionsError: unknown name, wrong type or out of range.
    """

    path: ClassVar[str] = ""
    """Where the group stands in the options of a primitive, such as ``resilience.zne``."""
    options: ClassVar[dict[str, Option[Any]]] = {}
    groups: ClassVar[dict[str, Group[Any]]] = {}
    primitives: ClassVar[dict[str, type[OptionGroup]]] = {}
    """The options of each primitive, by program id."""

    settings: dict[str, Any]

    def __init_subclass__(cls, *, path: str = "", program_id: str = "") -> None:
        cls.path = path or cls.path
        members = {
            name: member for base in reversed(cls.__mro__) for name, member in vars(base).items()
        }
        cls.options = {n: m for n, m in members.items() if isinstance(m, Option)}
        cls.groups = {n: m for n, m in members.items() if isinstance(m, Group)}
        for name, option in cls.options.items():
            option.path = f"{cls.path}.{name}".lstrip(".")
        cls.__signature__ = inspect.Signature(
            [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=Unset)
                for name in (*cls.options, *cls.groups)
            ]
        )
        if program_id:
            OptionGroup.primitives[program_id] = cls

    def __init__(self, **options: Any):
        object.__setattr__(self, "settings", {})
        for name, group in self.groups.items():
            self.settings[name] = group.group_class()
        for name, value in options.items():
            setattr(self, name, value)

    @classmethod
    def from_mapping(cls: type[GroupT], options: Mapping[str, Any]) -> GroupT:
        """Makes a group from a dict, whose groups within are dicts or group objects."""
        made = cls()
        for name, value in options.items():
            made._set(name, value)
        return made

    @classmethod
    def paths(cls) -> Iterator[str]:
        """Dotted names of all options and groups in here."""
        for name in cls.options:
            yield f"{cls.path}.{name}".lstrip(".")
        for group in cls.groups.values():
            yield group.group_class.path
            yield from group.group_class.paths()

    @classmethod
    def group_classes(cls) -> Iterator[type[OptionGroup]]:
        """Classes of all groups in here."""
        for group in cls.groups.values():
            yield group.group_class
            yield from group.group_class.group_classes()

    def update(self, **options: Any) -> None:
        """Sets some options and leaves the others; dicts are merged into the groups within.

        Raises:
            OptionsError: as in the constructor; then nothing is changed.
        """
        self._clone()._merge(options)
        self._merge(options)

    def validate(self) -> None:
        """Checks all values once more, as lists can change after assignment, and their relations.

        Raises:
            OptionsError: a value or a combination that the service refuses or would not act on.
        """
        for name, option in self.options.items():
            if name in self.settings:
                option.coerce(self.settings[name])
        for name in self.groups:
            self.settings[name].validate()

    def encode(self) -> dict[str, Any]:
        """Writes what was set as JSON-able objects, without groups that are empty."""
        written = {
            name: option.encode(self.settings[name])
            for name, option in self.options.items()
            if option.sent and name in self.settings
        }
        for name in self.groups:
            if group := self.settings[name].encode():
                written[name] = group
        return written

    def _merge(self, options: Mapping[str, Any]) -> None:
        for name, value in options.items():
            if name in self.groups and isinstance(value, Mapping):
                cast("OptionGroup", self.settings[name])._merge(cast("Mapping[str, Any]", value))
            else:
                self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users' dicts
            raise OptionsError(f"names of options are strings, not {name!r}")
        setattr(self, name, value)

    def _clone(self: GroupT) -> GroupT:
        clone = type(self)()
        clone.settings.update(
            {n: v._clone() if isinstance(v, OptionGroup) else v for n, v in self.settings.items()}
        )
        return clone

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.options and name not in self.groups:
            self._refuse_name(name)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # Python asks for dunders and `settings` while it copies and unpickles.
        if name.startswith("_") or name == "settings":
            raise AttributeError(name)
        self._refuse_name(name)

    def _refuse_name(self, name: str) -> NoReturn:
        path = f"{self.path}.{name}".lstrip(".")
        raise UnknownOptionError(f"there is no option {path}; {self._cure(name, path)}")

    def _cure(self, name: str, path: str) -> str:
        for program_id, primitive in self.primitives.items():
            if path in primitive.paths():
                return f"it is an option of the {program_id} only"
        if name in CURES:
            return CURES[name]
        own = [*self.options, *self.groups]
        if near := difflib.get_close_matches(name, own, n=1, cutoff=0.7):
            return f"did you mean {near[0]}?"
        # Nested groups belong to either primitive, so theirs are looked up in both.
        mine = [p for p in self.primitives.values() if type(self) in (p, *p.group_classes())]
        for primitive in mine:
            for elsewhere in primitive.paths():
                if elsewhere.rpartition(".")[2] == name:
                    return f"did you mean {elsewhere}?"
        if near := difflib.get_close_matches(name, own, n=1, cutoff=0.4):
            return f"did you mean {near[0]}?"
        return f"there are {', '.join(own)}"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.settings == cast("OptionGroup", other).settings

    __hash__ = None  # pyright: ignore[reportAssignmentType] - mutable, like a dict

    def __repr__(self) -> str:
        shown = [
            f"{name}={self.settings[name]!r}"
            for name in (*self.options, *self.groups)
            if name in self.settings and (name in self.options or self.settings[name]._any())
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def _any(self) -> bool:
        return any(
            not isinstance(value, OptionGroup) or value._any() for value in self.settings.values()
        )
