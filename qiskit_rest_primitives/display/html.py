"""Text, tables and cards as HTML. In: plain values. Out: markup without scripts or other files.

All text is escaped here: what is not `Html` already is never taken for markup. Cards are real
tables with captions and header cells, so they read well with a screen reader, and where a
notebook's viewer drops the style.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final

from qiskit_rest_primitives.display.printable import printable

# The colours of JupyterLab's and VS Code's theme; elsewhere those that the reader's system prefers.
# A card has a background of its own, so that text and background always belong together.
_STYLE: Final = """
.qrp{color-scheme:light dark;--qrp-text:#1f2328;--qrp-weak:#59636e;--qrp-line:#d1d9e0;
--qrp-back:#fff;--qrp-mark:#0b62c4;--qrp-warn:#9a3b00}
@media (prefers-color-scheme:dark){.qrp{--qrp-text:#e6edf3;--qrp-weak:#9aa4af;--qrp-line:#3d444d;
--qrp-back:#15191e;--qrp-mark:#6cb0ff;--qrp-warn:#ffb07a}}
[data-jp-theme-light=true] .qrp{--qrp-mark:#0b62c4;--qrp-warn:#9a3b00}
[data-jp-theme-light=false] .qrp{--qrp-mark:#6cb0ff;--qrp-warn:#ffb07a}
.qrp{color:var(--jp-content-font-color1,var(--vscode-editor-foreground,var(--qrp-text)));
background:var(--jp-layout-color0,var(--vscode-editor-background,var(--qrp-back)));
border:1px solid var(--jp-border-color2,var(--qrp-line));border-radius:6px;display:inline-block;
max-width:100%;box-sizing:border-box;padding:8px 12px;margin:2px 0;overflow-x:auto;
font:13px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif;text-align:left}
.qrp table{border-collapse:collapse;table-layout:auto;margin:6px 0;border:0;font-size:13px;
color:inherit;background:none}
.qrp caption{caption-side:top;text-align:left;font-weight:600;padding:2px 0;color:inherit;
white-space:nowrap}
.qrp th,.qrp td{text-align:left;vertical-align:top;padding:2px 14px 2px 0;border:0;
background:none;color:inherit;white-space:normal}
.qrp td:last-child{overflow-wrap:anywhere}
.qrp td .weak{white-space:nowrap}
.qrp tr,.qrp tbody tr:nth-child(odd),.qrp tbody tr:hover{background:none}
.qrp th{font-weight:400;color:var(--jp-content-font-color2,var(--qrp-weak));white-space:nowrap}
.qrp thead th{border-bottom:1px solid var(--jp-border-color2,var(--qrp-line))}
.qrp td.n,.qrp th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.qrp code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px;
background:none;color:inherit;padding:0}
.qrp .set{color:var(--qrp-mark);font-weight:600}
.qrp .warn{color:var(--qrp-warn)}
.qrp p{margin:4px 0}
.qrp .weak,.qrp p.weak{color:var(--jp-content-font-color2,var(--qrp-weak))}
.qrp summary{cursor:pointer;padding:2px 0}
.qrp details details{margin-left:16px}
.qrp svg{display:block;max-width:100%;height:auto}
.qrp svg text{fill:currentColor;font:11px system-ui,sans-serif}
"""
# The name thrice is more specific than JupyterLab's own rules for tables in outputs.
_STYLE_IN_ONE_LINE: Final = _STYLE.replace("\n", "").replace(".qrp ", ".qrp.qrp.qrp ")


class Html(str):
    """Text that is markup already, and is not escaped again."""

    __slots__ = ()


def html_of(value: object) -> Html:
    """A value as markup: its text escaped, a list as a line with commas, a time to the second."""
    if isinstance(value, Html):
        return value
    if isinstance(value, datetime):
        return Html(escape(value.isoformat(" ", "seconds")))
    if isinstance(value, (list, tuple)):
        return Html(", ".join(html_of(item) for item in value))
    return Html(escape(printable(str(value))))


def element(tag: str, *content: object, **attributes: object) -> Html:
    """An element; ``class_`` and ``aria_label`` become ``class`` and ``aria-label``.

    Args:
        tag: its name.
        content: escaped, unless it is `Html`.
        attributes: escaped; those that are None are left out.

    >>> element("td", "a < b", class_="n")
    '<td class="n">a &lt; b</td>'
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{given}>{''.join(map(html_of, content))}</{tag}>")


def code(value: object) -> Html:
    """Text in a fixed-width font: identifiers, bits and Python."""
    return element("code", value)


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits."""
    return f"{value:.{digits}g}"


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Iterable[int] = (),
) -> Html:
    """A table whose first column heads its rows.

    Args:
        caption: its title.
        header: titles of the columns; empty for none.
        rows: cells.
        numbers: columns that are aligned to the right.
    """
    right = set(numbers)

    def cell(index: int, value: object) -> Html:
        kind = "n" if index in right else None
        if index == 0:
            return element("th", value, scope="row", class_=kind)
        return element("td", value, class_=kind)

    titles = [
        element("th", title, scope="col", class_="n" if index in right else None)
        for index, title in enumerate(header)
    ]
    head = element("thead", element("tr", *titles)) if titles else ""
    body = (element("tr", *map(cell, range(len(row)), row)) for row in rows)
    return element("table", element("caption", caption), head, element("tbody", *body))


def facts(caption: str, values: Mapping[str, object]) -> Html:
    """A table of names and values; values that are None are left out."""
    return table(caption, (), [row for row in values.items() if row[1] is not None])


def note(text: object) -> Html:
    """A paragraph of less importance."""
    return element("p", text, class_="weak")


def warning(text: object) -> Html:
    """A paragraph that matters."""
    return element("p", text, class_="warn")


def folded(summary: object, *content: object, unfolded: bool = False) -> Html:
    """Content that a click or the return key unfolds."""
    attributes = {"open": ""} if unfolded else {}
    return element("details", element("summary", summary), *content, **attributes)


def card(label: str, *content: object) -> str:
    """A card, as `_repr_html_` returns it.

    Args:
        label: what a screen reader calls it.
        content: tables and paragraphs.

    >>> card("Job 1", facts("Job 1", {"status": "DONE"})).count("<th scope=")
    1
    """
    style = Html(f"<style>{_STYLE_IN_ONE_LINE}</style>")
    return element("div", style, *content, class_="qrp", role="group", aria_label=label)
