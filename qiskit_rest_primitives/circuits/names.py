"""Register names that every OpenQASM 3 importer, and Qiskit's DataBin, keep unchanged."""

from __future__ import annotations

import keyword
import re
from functools import cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keywords, types and literals of OpenQASM 3.0 and 3.1, as the grammar's qasm3Lexer.g4 lists them.
KEYWORDS = _words("""
    OPENQASM angle array barrier bit bool box break cal case complex const continue
    creg ctrl def default defcal defcalgrammar delay duration durationof else end extern false
    float for gate gphase if im in include input int inv let measure mutable negctrl nop
    output pow pragma qreg qubit readonly reset return stretch switch true uint void while
""")
# Built-in functions, constants, units of time and words of OpenQASM 2; strict importers refuse to
# shadow them.
_BUILTINS = _words("""
    annotation arccos arcsin arctan ceiling cos euler exp floor imag log mod opaque pi popcount real
    rotl rotr sin sizeof sqrt tan tau dt ns us ms s e
""")
# The gates of stdgates.inc, and of Qiskit's definitions that may accompany a circuit.
_GATES = _words("""
    c3sx ccx ccz ch cp cphase crx cry crz cs csdg cswap csx cu cu1 cu3 cx cy cz dcx ecr
    global_phase h id iswap mcx p phase r rc3x rccx rcccx rv rx rxx ry ryy rz rzx rzz s sdg swap
    sx sxdg t tdg u u0 u1 u2 u3 unitary x xx_minus_yy xx_plus_yy y z
""")
# DataBin rejects these as field names or as keyword arguments.
_DATA_BIN = _words("items keys ndim self shape size values")
_RESERVED = KEYWORDS | _BUILTINS | _GATES | _DATA_BIN | frozenset(keyword.kwlist)

_PLAIN = re.compile(r"[a-z][A-Za-z0-9_]*")
# The writer's own names: the qubits, the inputs, the loop variables, the real-time variables.
_OWN = re.compile(r"q|p[0-9]+|i[0-9]+|v[0-9]+")

QUBITS = "q"


def is_portable(name: str) -> bool:
    """Returns whether every importer and every result keeps a register's name."""
    return (
        _PLAIN.fullmatch(name) is not None
        and _OWN.fullmatch(name) is None
        and name not in _RESERVED
    )


@cache
def input_name(index: int, width: int = 5) -> str:
    """Returns the name of input ``index``: zero-padded, so sorting by name keeps the order."""
    return f"p{index:0{width}d}"


def loop_variable(depth: int) -> str:
    """Returns the name of the loop variable at nesting depth ``depth``."""
    return f"i{depth}"


def variable_name(index: int) -> str:
    """Returns the name of the ``index``-th declared real-time variable."""
    return f"v{index}"
