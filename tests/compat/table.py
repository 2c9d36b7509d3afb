"""Both packages, by inspect -> rows: what became of each public name of the official client."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Final

from qiskit_rest_primitives.absent_names import ABSENT
from tests.compat.reasons import BETTER, DIFFERENT, MISSING, PASSED_ON

OFFICIAL: Final = "qiskit_ibm_runtime"
OURS: Final = "qiskit_rest_primitives"


@dataclass(frozen=True)
class Row:
    """What became of a name.

    Attributes:
        section: the module or class that has the name.
        name: the name.
        verdict: same, better, different, absent; "unknown" if no reason is noted for it.
        reason: why it is not the same; for an unknown one, what inspect sees.
        module: whether it is a submodule of the package.
    """

    section: str
    name: str
    verdict: str
    reason: str = ""
    module: bool = False

    @property
    def key(self) -> str:
        """The name in full, as in `reasons`."""
        return f"{self.section}.{self.name}" if self.section else self.name


def rows() -> list[Row]:
    """A row for each public name of the installed official client."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        official = importlib.import_module(OFFICIAL)
        found = [*_of_module("", official), *_of_submodules(official)]
        classes = _classes(official)
        for name, (theirs, ours) in classes.items():
            found += [_of_attribute(name, attribute, theirs, ours) for attribute in own(theirs)]
            found.append(_of_attribute(name, "__init__", theirs, ours))
        return found


def stale(found: list[Row]) -> list[str]:
    """Reasons for names that the official client does not have, or that are absent no more."""
    verdicts = {row.key: row.verdict for row in found}
    noted = {**BETTER, **DIFFERENT, **MISSING, **PASSED_ON}
    wrong = [key for key in noted if key not in verdicts]
    wrong += [key for key in (*MISSING, *ABSENT) if verdicts.get(key) != "absent"]
    return sorted(set(wrong))


def own(kind: type) -> list[str]:
    """Public attributes that classes of the official client define, not those from Qiskit."""
    names: set[str] = set()
    for base in kind.__mro__:
        if base.__module__.startswith(OFFICIAL):
            # The pydantic models have a property of that name, and their own fields.
            fields = vars(base).get("__dataclass_fields__", ())
            names |= {*vars(base), *(fields if isinstance(fields, dict) else ())}
            names |= {*getattr(base, "model_fields", ())}
    return sorted(name for name in names if not name.startswith("_"))


def _module(name: str) -> ModuleType | None:
    """Our module of that name; None if its import is refused."""
    try:
        return importlib.import_module(f"{OURS}.{name}" if name else OURS)
    except ImportError:
        return None


def _public(module: ModuleType) -> dict[str, Any]:
    """Classes and functions of the official client that a module offers, by name."""
    package = hasattr(module, "__path__")
    return {
        name: thing
        for name, thing in sorted(vars(module).items())
        if not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__.startswith(OFFICIAL if package else module.__name__)
    }


def _of_module(section: str, theirs: ModuleType) -> Iterator[Row]:
    ours = _module(section)
    for name in _public(theirs):
        row = Row(section, name, "same" if hasattr(ours, name) else "absent")
        yield _judged(row, "no such name")


def _of_submodules(official: ModuleType) -> Iterator[Row]:
    for info in sorted(pkgutil.iter_modules(official.__path__), key=lambda info: info.name):
        if info.name in PASSED_ON:
            assert _module(info.name) is not None
            yield Row("", info.name, "same", PASSED_ON[info.name], module=True)
        elif _module(info.name) is None:
            yield _judged(Row("", info.name, "absent", module=True), "no such module")
        else:
            yield Row("", info.name, "same", module=True)
            yield from _of_module(info.name, importlib.import_module(f"{OFFICIAL}.{info.name}"))


def _classes(official: ModuleType) -> dict[str, tuple[type, type]]:
    """Classes that both packages have, each once, by its first name; errors have no methods."""
    found: dict[str, tuple[type, type]] = {}
    modules = ["", *(info.name for info in pkgutil.iter_modules(official.__path__))]
    for name in modules:
        ours = None if name in PASSED_ON else _module(name)
        if ours is None:
            continue
        theirs = importlib.import_module(f"{OFFICIAL}.{name}" if name else OFFICIAL)
        offered = _public(theirs)
        # An alias gives way to the name that the class itself bears.
        for public in sorted(offered, key=lambda public: offered[public].__name__ != public):
            thing = offered[public]
            known = any(thing is other for other, _ in found.values())
            counterpart = getattr(ours, public, None)
            if known or not inspect.isclass(thing) or not inspect.isclass(counterpart):
                continue
            if not issubclass(thing, Exception):
                found[f"{name}.{public}" if name else public] = thing, counterpart
    return dict(sorted(found.items()))


def _of_attribute(section: str, name: str, theirs: type, ours: type) -> Row:
    fields: Mapping[str, Any] = getattr(ours, "__dataclass_fields__", {})
    annotated = {key for base in ours.__mro__ for key in inspect.get_annotations(base)}
    if not hasattr(ours, name) and name not in fields and name not in annotated:
        return _judged(Row(section, name, "absent"), "no such attribute")
    problem = _parameters(getattr(theirs, name, None), getattr(ours, name, None))
    return _judged(Row(section, name, "different" if problem else "same"), problem)


def _parameters(theirs: Any, ours: Any) -> str:
    """How the parameters of two functions differ, from the view of an official call; or ""."""
    if not (inspect.isroutine(theirs) and inspect.isroutine(ours)):
        return ""
    wanted, given = _listed(theirs), _listed(ours)
    if wanted is None or given is None:
        return ""
    anything = any(one.kind is one.VAR_KEYWORD for one in given.values())
    order = [name for name, one in given.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
    place = 0
    for name, one in wanted.items():
        if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL):
            continue
        if name not in given:
            if not anything:
                return f"no parameter {name}"
            continue
        if one.kind is one.POSITIONAL_OR_KEYWORD:
            if order[place : place + 1] != [name]:
                return f"parameter {name} stands elsewhere"
            place += 1
        if repr(one.default) != repr(given[name].default):
            return f"parameter {name} has another default"
    return ""


def _listed(function: Any) -> dict[str, inspect.Parameter] | None:
    """Parameters by name; None if there is no signature to see."""
    try:
        listed = dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    listed.pop("self", None)
    return listed


def _judged(row: Row, seen: str) -> Row:
    """The row with its reason, or "unknown" where one is missing."""
    if row.verdict == "absent":
        reason = MISSING.get(row.key) or (ABSENT.get(row.name) if not row.section else None)
        return _with(row, "absent", reason, seen)
    if row.key in BETTER:
        return _with(row, "better", BETTER[row.key], seen)
    if row.key in DIFFERENT:
        return _with(row, "different", DIFFERENT[row.key], seen)
    return row if row.verdict == "same" else _with(row, row.verdict, None, seen)


def _with(row: Row, verdict: str, reason: str | None, seen: str) -> Row:
    if reason is None:
        return replace(row, verdict="unknown", reason=seen)
    return replace(row, verdict=verdict, reason=reason)
