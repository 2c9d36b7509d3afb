"""OpenQASM 3 text -> tokens, one at a time, and errors with their line and column."""

from __future__ import annotations

import re
from typing import NoReturn

from qiskit_rest_primitives.errors import RestPrimitivesError

# Brackets, blocks and right-hand operands; each level costs a few Python frames.
MAX_DEPTH = 60

# One comment at a time: the regex engine records every repetition of a group.
SKIP = re.compile(r"\s*(?:(?://[^\n]*|/\*[\s\S]*?\*/)\s*)?")
WORD = re.compile(r"\w")
TOKEN = re.compile(
    r"""
    (?P<name>[^\W\d]\w*|\$\d+)
  | (?P<number>
        (?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+
         |(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)
        (?:dt|ns|us|µs|μs|ms|s)?)
  | (?P<string>"[^"\n]*"|'[^'\n]*')
  | (?P<symbol>->|\+\+|\*\*|&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%<>=!~^&|()\[\]{},;:@\#])
    """,
    re.VERBOSE,
)


class ReadError(RestPrimitivesError):
    """A text is not OpenQASM 3, or uses a feature that Qiskit's circuits do not have.

    Attributes:
        line: line of the text, counted from 1.
        column: character in that line, counted from 1.
    """

    def __init__(self, message: str, line: int, column: int):
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


class Scanner:
    """A text and the current token.

    Attributes:
        kind: ``name``, ``number``, ``string``, ``symbol``, or ``end`` after the last one.
        token: the token's text; ``""`` at the end.
        start: where the token begins, as an index into the text.
        end: where it ends.
        previous_end: where the token before it ended.
    """

    def __init__(self, text: str):
        self.text = text
        self.depth = 0
        self.previous_end = self.end = 0
        self.seek(0)

    def seek(self, position: int) -> None:
        """Makes the first token at or after ``position`` the current token."""
        self.end = position
        self.advance()

    def advance(self) -> str:
        """Moves to the next token and returns the one left behind."""
        left = self.token if self.end else ""
        self.previous_end = self.end
        text = self.text
        start, skipped = -1, self.end
        while skipped != start:
            start = skipped
            match = SKIP.match(text, start)
            skipped = match.end() if match else start
        self.start = start
        match = TOKEN.match(text, start)
        if match is not None and not text.startswith("/*", start):
            self.kind = match.lastgroup or ""
            self.token = match.group()
            self.end = match.end()
            if self.kind == "number" and WORD.match(text, self.end):
                self.fail(f"unexpected {text[start : self.end + 1][-12:]!r}", start)
        elif start >= len(text):
            self.kind, self.token, self.end = "end", "", start
        elif text.startswith("/*", start):
            self.fail("this comment is never closed", start)
        else:
            self.fail(f"unexpected {text[start : start + 12].split()[0]!r}", start)
        return left

    def accept(self, token: str) -> bool:
        """Steps over ``token`` if it is the current token."""
        if self.token == token and self.kind != "string":
            self.advance()
            return True
        return False

    def expect(self, token: str) -> None:
        """Steps over ``token``, or fails."""
        if not self.accept(token):
            self.fail(f"expected {token!r}, found {self.found()}")

    def skip_annotations(self) -> None:
        """Steps over ``@name anything`` lines, which do not change what a statement does."""
        while self.kind == "symbol" and self.token == "@":
            end = self.text.find("\n", self.start)
            self.seek(len(self.text) if end < 0 else end)

    def expect_name(self, what: str) -> str:
        """Steps over a name and returns it, or fails saying ``what`` was expected."""
        if self.kind != "name":
            self.fail(f"expected {what}, found {self.found()}")
        return self.advance()

    def found(self) -> str:
        """The current token, for a message."""
        return repr(self.token[:40]) if self.kind != "end" else "the end of the text"

    def deeper(self) -> None:
        """Counts one more level of nesting; the caller subtracts it again."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested more than {MAX_DEPTH} deep")

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raises ReadError for the current token, or for a position in the text."""
        raise self.error(message, position)

    def error(self, message: str, position: int | None = None) -> ReadError:
        """The ReadError for the current token, or for a position in the text."""
        position = self.start if position is None else position
        line = self.text.count("\n", 0, position) + 1
        return ReadError(message, line, position - self.text.rfind("\n", 0, position))
