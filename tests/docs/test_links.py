"""Links of the documentation lead somewhere. Nothing is asked of the network."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs import pages

TEXTS = [*sorted(pages.ROOT.glob("*.md")), *pages.PAGES]
HOSTS = {
    "distributed.dask.org",
    "github.com",
    "jobqueue.dask.org",
    "pypi.org",
    "qiskit.github.io",
    "quantum.cloud.ibm.com",
}
"""Where links of the documentation may lead; add a host that you have looked at."""

_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)|<(https?://[^>\s]+)>")
_BUILT = {pages.ROOT / "docs/api/index.rst", pages.ROOT / "docs/api/errors.rst"}
"""Pages that the build writes."""


def links(page: Path) -> list[str]:
    """The targets of all links and images of a page."""
    # The text of a link may be code, its target is not.
    text = _CODE.sub("", page.read_text("utf-8"))
    return [inline or bare for inline, bare in _LINK.findall(text)]


def anchors(page: Path) -> set[str]:
    """The anchors that a forge and Sphinx give to the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def problem(page: Path, link: str) -> str | None:
    """What is wrong with a link."""
    parts = urlsplit(link)
    if parts.scheme:
        good = parts.scheme == "https" and parts.hostname in HOSTS
        return None if good else "not https, or a host that tests/docs/test_links.py does not list"
    target = (page.parent / parts.path).resolve() if parts.path else page
    if target in _BUILT:
        return None
    if not target.exists():
        return "no such file"
    if parts.fragment and parts.fragment not in anchors(target):
        return f"no such heading; there are {sorted(anchors(target))}"
    return None


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_every_link_of_a_page_has_a_target(page: Path) -> None:
    """Files and headings exist; other hosts are https and on the list."""
    found = {link: problem(page, link) for link in links(page)}
    assert {link: why for link, why in found.items() if why} == {}


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """Paths below tests/, docs/ and examples/ in code are files or folders of the repository."""
    named = re.findall(r"`((?:tests|docs|examples)/[\w./-]*)`", page.read_text("utf-8"))
    assert [path for path in named if not (pages.ROOT / path).exists()] == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    """A missing file, a missing heading, a host nobody has looked at: each is a problem."""
    page = tmp_path / "page.md"
    page.write_text("# One two\n[a](no.md) [b](#three) [c](#one-two) <http://example.org>\n")
    wrong = [link for link in links(page) if problem(page, link)]
    assert wrong == ["no.md", "#three", "http://example.org"]
