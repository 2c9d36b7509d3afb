"""Which `for` loops use their variable as an index: ``h q[i];`` in its body.

Qiskit has no such index, so these loops are read once for every value. In: the whole text. Out:
where the `for` keywords of these loops are. One pass, so that nesting costs nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PIECE = re.compile(
    r"""//[^\n]*|/\*(?:[\s\S]*?\*/|[\s\S]*)|"[^"\n]*"
      | (?P<loop>\bfor\s+(?:u?int\b\s*(?:\[[^\[\]{};]*\]\s*)?)?(?P<variable>[^\W\d]\w*)\s+in\b)
      | (?P<name>[^\W\d]\w*)
      | (?P<symbol>[\[\]{};])
    """,
    re.VERBOSE,
)


@dataclass
class _Loop:
    position: int
    variable: str
    depth: int


def indexing_loops(text: str) -> frozenset[int]:
    """Finds the loops whose variable stands between square brackets in their body.

    A body without braces is taken to reach to the next semicolon or brace at its level, which may
    be a statement too far; then a loop is read value by value without need.
    """
    found: set[int] = set()
    open_loops: list[_Loop] = []
    by_name: dict[str, list[_Loop]] = {}
    depth = brackets = 0

    def close(level: int) -> None:
        while open_loops and open_loops[-1].depth >= level:
            by_name[open_loops.pop().variable].pop()

    for piece in _PIECE.finditer(text):
        if variable := piece["variable"]:
            loop = _Loop(piece.start(), variable, depth)
            open_loops.append(loop)
            by_name.setdefault(variable, []).append(loop)
        elif name := piece["name"]:
            if brackets and by_name.get(name):
                found.add(by_name[name][-1].position)
        elif symbol := piece["symbol"]:
            if symbol == "[":
                brackets += 1
            elif symbol == "]":
                brackets = max(0, brackets - 1)
            elif symbol == "{":
                depth += 1
            else:
                brackets = 0
                if symbol == "}":
                    depth = max(0, depth - 1)
                    close(depth + 1)
                else:
                    close(depth)
    return frozenset(found)
