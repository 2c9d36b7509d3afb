"""Cuts long values out of a JSON body before it is parsed. In: bytes. Out: a short body, slices.

A result of 87 MB is one or a few very long values in a few hundred bytes of JSON. Parsing it would
copy them twice. So they're found by their keys in the bytes, replaced by short marks, and read
straight from the bytes once the parsed remainder says what they are.

This is safe for every legal JSON text: ``"__value__"`` with both its quotes can't stand inside a
string (a quote there has a backslash before it), and a string that a colon follows is a key.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from qiskit_rest_primitives.errors import ProtocolError
from qiskit_rest_primitives.wire.values.arrays import Slice

MIN_LENGTH = 4096
"""Shorter values are left in place, in bytes."""

# Without their quotes: these are so frequent in samples that they would slow the search.
_VALUE = b"__value__"
_SAMPLES = b"samples"
_COLON_QUOTE = re.compile(rb'"[ \t\r\n]*:[ \t\r\n]*"')
_COLON_BRACKET = re.compile(rb'"[ \t\r\n]*:[ \t\r\n]*\[')


@dataclass(frozen=True)
class ParsedBody:
    """A parsed body in which marks may stand for long values.

    Attributes:
        value: the parsed JSON, with marks in place of cut values.
        cuts: the value's bytes by mark: the text between the quotes of a string without escapes, or
            between the brackets of a list without inner lists and objects.
    """

    value: object
    cuts: dict[str, Slice] = field(default_factory=dict[str, Slice])

    def cut(self, value: object) -> Slice | None:
        """Returns the bytes of a mark; None if the value is not a mark."""
        return self.cuts.get(value) if isinstance(value, str) else None

    def whole(self, value: str) -> object:
        """Returns the string or list of a mark; other strings unchanged."""
        cut = self.cut(value)
        if cut is None:
            return value
        # The quotes or brackets stand one byte before and after the slice.
        return parse_json(cut.text[cut.start - 1 : cut.end + 1])


def parse_body(body: bytes | bytearray) -> ParsedBody:
    """Parses a body without touching its long values.

    Raises:
        ProtocolError: the body is not JSON; names the position.
    """
    spans = list(_strings(body)) or list(_lists(body))
    if spans:
        nonce = secrets.token_hex(8)
        cuts: dict[str, Slice] = {}
        pieces: list[bytes | memoryview] = []
        at = 0
        view = memoryview(body)
        for start, end in spans:
            mark = f"{nonce}:{len(cuts)}"
            cuts[mark] = Slice(body, start, end)
            pieces += [view[at : start - 1], b'"', mark.encode("ascii"), b'"']
            at = end + 1
        pieces.append(view[at:])
        try:
            return ParsedBody(parse_json(b"".join(pieces)), cuts)
        except ProtocolError:
            pass  # malformed, or a bracket inside a sample: parse the whole body
    return ParsedBody(parse_json(body))


def parse_json(body: bytes | bytearray) -> object:
    """Parses JSON, with the NaN and Infinity that Python's json writes.

    Raises:
        ProtocolError: the body is not JSON, or nested without end.
    """
    try:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return json.loads(body.decode("utf-8"))
    except RecursionError:
        raise ProtocolError("the body is nested too deeply") from None
    except ValueError as error:
        raise ProtocolError(f"the body of {len(body)} bytes is not JSON: {error}"[:300]) from None


def _strings(body: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Finds the contents of long string values of ``__value__`` keys."""
    at = 0
    while (at := body.find(_VALUE, at)) >= 0:
        quoted = body[at - 1 : at] == b'"'
        at += len(_VALUE)
        opening = _COLON_QUOTE.match(body, at) if quoted else None
        if opening is None:
            continue
        start = opening.end()
        end = body.find(b'"', start)
        if end < 0:
            return
        if end - start >= MIN_LENGTH and body.find(b"\\", start, end) < 0:
            yield start, end
        at = end


def _lists(body: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Finds the contents of long flat list values of ``samples`` keys."""
    at = end = 0
    while (at := body.find(_SAMPLES, at)) >= 0:
        quoted = body[at - 1 : at] == b'"'
        at += len(_SAMPLES)
        opening = _COLON_BRACKET.match(body, at) if quoted else None
        if opening is None:
            continue
        start = opening.end()
        if end < start:  # else the last result still applies; do not search the same bytes twice
            end = body.find(b"]", start)
        if end < 0:
            return
        if end - start >= MIN_LENGTH and all(
            body.find(c, start, end) < 0 for c in (b"[", b"{", b"\\")
        ):
            yield start, end
            at = end


class Splicer:
    """Writes JSON whose long values are produced in pieces, never as a whole.

    Put ``splicer.mark(pieces)`` where a long value belongs, then iterate over ``write(value)``.
    """

    def __init__(self):
        self._nonce = secrets.token_hex(8)
        self._values: list[Iterable[bytes]] = []

    def mark(self, pieces: Iterable[bytes]) -> str:
        """Reserves a place for a value; the pieces are its JSON text, consumed once."""
        self._values.append(pieces)
        return f"{self._nonce}:{len(self._values) - 1}"

    def write(self, value: object) -> Iterator[bytes]:
        """Yields the JSON text of a value with the marked values in their places."""
        text = json.dumps(value, separators=(",", ":"))
        first, *marked = text.split(f'"{self._nonce}:')
        yield first.encode("ascii")
        for part in marked:
            number, _, rest = part.partition('"')
            yield from self._values[int(number)]
            yield rest.encode("ascii")
