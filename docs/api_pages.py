"""The public names of the package -> one page of the API reference for each folder of it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Final

import qiskit_rest_primitives
from qiskit_rest_primitives import local, options

TITLES: Final = {
    "primitives": "Primitives",
    "service": "Service, sessions and batches",
    "backend": "Backends",
    "jobs": "Jobs and results",
    "options": "Options",
    "account": "Accounts",
    "settings": "Settings",
    "local": "The embedded service",
    "testing": "Tests of your own",
    "wire": "JSON of the official client",
    "errors": "Errors",
}
"""Folders and files of the package in the order of the pages; others follow, by name."""


def write(folder: Path) -> None:
    """Writes the pages, and their index."""
    pages = _pages()
    folder.mkdir(exist_ok=True)
    for page, names in pages.items():
        _keep(folder / f"{page}.rst", _page(page, names))
    _keep(folder / "index.rst", _index(pages))
    for old in folder.glob("*.rst"):
        if old.stem not in (*pages, "index"):
            old.unlink()


def _keep(path: Path, text: str) -> None:
    """Writes a file if its text is new: Sphinx reads changed files again."""
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def _packages() -> list[ModuleType]:
    packages = [qiskit_rest_primitives, options, local]
    try:
        from qiskit_rest_primitives import testing
    except ImportError:  # it needs pytest
        return packages
    return [*packages, testing]


def _pages() -> dict[str, dict[str, str]]:
    """For each page, the full names of what it lists, with the name of its kind."""
    found: dict[str, dict[str, str]] = {}
    seen: set[object] = set()
    for package in _packages():
        for name in sorted(getattr(package, "__all__", ())):
            thing = getattr(package, name)
            kind = _kind(thing)
            if kind is None or thing in seen or thing.__name__ != name:
                continue  # a constant, or another name of the same
            seen.add(thing)
            page = _page_of(thing)
            found.setdefault(page, {})[f"{package.__name__}.{name}"] = kind
    order = [*TITLES, *sorted(found.keys() - TITLES.keys())]
    return {page: found[page] for page in order if page in found}


def _kind(thing: object) -> str | None:
    if not str(getattr(thing, "__module__", "")).startswith(qiskit_rest_primitives.__name__):
        return None
    if inspect.isclass(thing):
        return "exception" if issubclass(thing, BaseException) else "class"
    return "function" if inspect.isfunction(thing) else None


def _page_of(thing: object) -> str:
    """The folder, or the file in the root, that a name comes from."""
    page = str(thing.__module__).split(".")[1]
    return "options" if _is_option(thing) else page


def _is_option(thing: object) -> bool:
    return inspect.isclass(thing) and hasattr(thing, "__group_path__")


def _page(page: str, names: dict[str, str]) -> str:
    lines = [_title(page)]
    if page == "options":
        lines += [":doc:`Every option, with its values, default and meaning </options>`.", ""]
    for name, kind in names.items():
        lines += [f".. auto{kind}:: {name}"]
        if page == "options":
            lines += ["   :no-members:", "   :no-inherited-members:"]
        lines += [""]
    return "\n".join(lines)


def _index(pages: dict[str, dict[str, str]]) -> str:
    lines = [_head("API reference"), "Every public name, by what it belongs to.", ""]
    for page, names in pages.items():
        refs = ", ".join(f"`~{name}`" for name in names)
        lines += [f":doc:`{TITLES.get(page, page.capitalize())} <{page}>`", f"    {refs}", ""]
    lines += [".. toctree::", "   :hidden:", "", *(f"   {page}" for page in pages), ""]
    return "\n".join(lines)


def _title(page: str) -> str:
    return _head(TITLES.get(page, page.capitalize()))


def _head(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"


_sentences: dict[str, list[str]] = {}


def before_napoleon(
    app: object, what: str, name: str, thing: object, settings: object, lines: list[str]
) -> None:
    """Leaves out a group's options, for which their page has tables; keeps attributes' sentences.

    What stands before a colon would become the type of an attribute.
    """
    if _is_option(thing) and "Attributes:" in lines:
        del lines[lines.index("Attributes:") :]
    if what in ("attribute", "property") and "Raises:" not in lines:
        _sentences[name] = [*lines]


def after_napoleon(
    app: object, what: str, name: str, thing: object, settings: object, lines: list[str]
) -> None:
    """Puts back the sentences of an attribute."""
    if name in _sentences:
        lines[:] = _sentences.pop(name)


def shorten_aliases(
    app: object,
    what: str,
    name: str,
    thing: object,
    settings: object,
    arguments: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Shows a type's alias by its name, as Sphinx does only where nothing is around it."""
    short = re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", arguments or "")
    return short or arguments, returned
