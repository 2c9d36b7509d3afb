"""Bad texts raise ReadError with the position, in bounded time and memory."""

from __future__ import annotations

import re
import time
import tracemalloc

import pytest

from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.local.qasm3 import gate_calls, reader, scope, tokens
from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q; bit[2] c; input float[64] p;\n'

# The statement on line 4, the column of the error, and words of the message.
WRONG = [
    ("nope q[0];", 1, "gate 'nope' is not defined"),
    ("x r[0];", 3, "'r' is not defined"),
    ("x q[0]", 7, "expected ';', found the end"),
    ("x q[2];", 5, "index 2 is out of range; there are 2"),
    ("x q[-3];", 5, "out of range"),
    ("x q[0][0];", 7, "expected ';'"),
    ("x q[0.5];", 5, "an index must be a constant integer"),
    ("x q[p];", 5, "an index must be a constant integer"),
    ("x q[0:0:1];", 3, "step"),
    ("x q[0::1];", 3, "step"),
    ("x q[0:1:2:3];", 12, "expected"),
    ("x q[{0, 5}];", 9, "out of range"),
    ("x c[0];", 3, "'c' is not a qubit"),
    ("rz(p, p) q[0];", 1, "'rz' takes 1 angles, not 2"),
    ("rz q[0];", 1, "'rz' takes 1 angles, not 0"),
    ("cx q[0];", 1, "'cx' acts on 2 qubits, not 1"),
    ("cx q[0], q[0];", 1, "same qubit twice"),
    ("cx q, q;", 1, "same qubit twice"),
    ("qubit[3] r; cx q, r;", 13, "can't be paired"),
    ("barrier q[0], q[0];", 1, "named twice"),
    ("barrier q, 3;", 12, "expected a qubit"),
    ("rz(c[0]) q[0];", 4, "an angle must be a number"),
    ("rz(true) q[0];", 4, "an angle must be a number"),
    ("rz(1/0) q[0];", 5, "zero"),
    ("rz(1/2) q[0];", 5, "write 1.0/2"),
    ("rz(1e400) q[0];", 4, "finite"),
    ("rz(nan) q[0];", 4, "'nan' is not defined"),
    ("rz(0x) q[0];", 4, "unexpected"),
    ("rz(0b_) q[0];", 4, "not a number"),
    ("rz(2x) q[0];", 4, "unexpected"),
    ("rz() q[0];", 1, "takes 1 angles"),
    ("rz(q) q[0];", 4, "quantum"),
    ("rz(1 +) q[0];", 7, "expected a value"),
    ("rz(sqrt(-1)) q[0];", 4, "domain"),
    ("rz(sin(1, 2)) q[0];", 4, "does not take 2"),
    ("rz(sin(c[0])) q[0];", 4, "needs a number"),
    ("rz(floor(p)) q[0];", 4, "input parameter"),
    ("rz(p << 1) q[0];", 6, "input parameter"),
    ("rz(1 << 2) q[0];", 6, "not supported"),
    ("rz(~1) q[0];", 4, "can't be applied"),
    ("rz(-c[0]) q[0];", 4, "bits"),
    ("rz(bool(p)) q[0];", 4, "converted"),
    ("rz(uint[1001](c)) q[0];", 4, "width"),
    ("rz(uint[99](c)) q[0];", 4, "an angle must be a number"),
    ("rz(float(1, 2)) q[0];", 4, "one value"),
    ('rz("12") q[0];', 4, "only 0 and 1"),
    ("rz(c[0] ** 2) q[0];", 9, "bits"),
    ("rz(c[0] % 2) q[0];", 9, "bits"),
    ("rz(0.5 == c) q[0];", 8, "integers and booleans"),
    ("measure q[0];", 1, "needs bits"),
    ("measure q -> c[0];", 1, "2 qubits can't be measured into 1"),
    ("c = measure q[{0, 0}];", 5, "named twice"),
    ("c[0] = 2;", 8, "a bit is never 2"),
    ("c = 4;", 5, "does not fit into 2 bits"),
    ("c[0:1] = 2;", 1, "whole register or to one bit"),
    ("c = p;", 5, "integers and booleans"),
    ("uint[3] u; u = measure q[0];", 12, "only bits take the outcome"),
    ("bool b = measure q[0];", 10, "only bits take the outcome"),
    ("uint[2] u; uint[3] v; u = v;", 27, "3 bits do not fit into 2"),
    ("uint u;", 1, "needs its width"),
    ("uint[0] u;", 1, "needs its width"),
    ("uint[1000000] u;", 6, "more than 100000"),
    ("bool b; bool b;", 14, "already declared"),
    ("bool b; rz(b) q[0];", 12, "an angle must be a number"),
    ("bool b; x b;", 11, "not a qubit"),
    ("bool b; if (b[0]) x q;", 14, "a single bit can't be indexed"),
    ("uint[3] u; if (u[3]) x q;", 17, "out of range"),
    ("uint[3] u; if (u[0:1]) x q;", 19, "expected ']'"),
    ("input uint[3] u;", 7, "inputs must be float or angle"),
    ("input bool b;", 7, "inputs must be float or angle"),
    ("c[0] + 1;", 6, "expected '='"),
    ("bit b = 1;", 9, "start as 0"),
    ("delay[p] q[0];", 7, "duration"),
    ("delay[10] q[0];", 9, "unit"),
    ("delay[10 years] q[0];", 7, "unit"),
    ("delay[1.5dt] q[0];", 7, "whole"),
    ("qubit q;", 7, "already declared"),
    ("qubit measure;", 7, "keyword"),
    ("qubit[-1] r;", 7, "negative"),
    ("qubit[n] r;", 7, "not defined"),
    ("qubit[p] r;", 7, "constant integer"),
    ("gate x a {}", 6, "already defined"),
    ("gate g a, a {}", 1, "different names"),
    ("gate g(a) a {}", 1, "different names"),
    ("gate g if {}", 8, "keyword"),
    ("gate g a { x b; }", 14, "'b' is not defined"),
    ("gate g a { g a; }", 12, "'g' is not defined"),
    ("gate g a { measure a; }", 12, "measure"),
    ("gate g a { x q[0]; }", 14, "'q' is not defined"),
    ("gate g a { rz(p) a; }", 15, "not defined"),
    ("gate g a { x a;", 16, "expected"),
    ("pow @ x q[0];", 5, "exponent"),
    ("ctrl(0) @ x q[0];", 1, "positive integer"),
    ("ctrl(p) @ x q[0], q[1];", 6, "constant number"),
    ("ctrl @ x q[0];", 8, "acts on 2 qubits, not 1"),
    ("ctrl @ q[0];", 8, "not defined"),
    ("ctrl @ 3;", 8, "expected a gate"),
    ("pow(0.5) @ u2(p, 0) q[0];", 12, "pow can't be applied"),
    ("gphase(1, 2);", 1, "one angle"),
    ("ctrl(2) @ gphase(1) q;", 11, "act on"),
    ("let a = q[0] ++ q[0];", 5, "twice"),
    ("let a = 3;", 9, "expected"),
    ("const float a = p;", 13, "not constant"),
    ("const complex a = 1;", 7, "not supported"),
    ("input bit b;", 7, "float or angle"),
    ("output float b;", 8, "outputs must be bits"),
    ("int i = 3; switch (i) { case 0 { x q; } }", 12, "bit or a register"),
    ("def f() {}", 1, "'def' is not supported"),
    ("stretch s;", 1, "variables of type stretch are not supported; bool and uint[n] are"),
    ("float f = 1.5;", 1, "variables of type float"),
    ("duration d = 10ns;", 1, "variables of type duration"),
    ("array[int, 3] a;", 1, "variables of type array"),
    ("#pragma fast", 1, "pragmas"),
    ("3;", 1, "expected a statement"),
    (";", 1, "expected a statement"),
    ("}", 1, "expected a statement"),
    ("x q[0]; /* never closed", 9, "never closed"),
    ("x q[0]; ?", 9, "unexpected '?'"),
    ('include "qelib1.inc";', 9, "stdgates.inc"),
    ("include 3;", 9, "file name"),
    ('include "stdgates.inc";', 9, "already defined"),
    ("if (c == 1.5) x q;", 7, "integers"),
    ("if (-c == 1) x q;", 5, "can't be applied to bits"),
    ("if (float(c) == 1) x q;", 5, "can't be converted to float"),
    ("if (int[2](c) < 1) x q;", 15, "tested for equality only"),
    ("if (int[2](c) + 1 == 1) x q;", 15, "tested for equality only"),
    ("if (int[2](c) == c) x q;", 15, "compared with integers only"),
    ("if (bit[3](c) == 1) x q;", 5, "2 bits can't be converted to bit[3]"),
    ("if (c == -1) x q;", 7, "bits are unsigned"),
    ("if (c & -1) x q;", 7, "bits are unsigned"),
    ("if (c + 4 == 1) x q;", 7, "4 does not fit into 2 bits"),
    ("if (1 << c == 1) x q;", 7, "write uint[n](1)"),
    ("if (c[1:0] == 0) x q;", 12, "no bits are selected"),
    ("if (c[c[0]]) x q;", 7, "invalid types for indexing"),
    ("for int i in [0:2] { h q[i]; }", 26, "index 2 is out of range"),
    ("for int i in [1:1] { rz(i/2) q[i]; }", 26, "1/2 divides integers"),
    ("for int i in [0:1] { h q[i]; break; }", 30, "whose variable is an index"),
    ("for int i in [0:1] { h q[i];", 29, "never closed"),
    ("for int i in {} { h q[i];", 26, "never closed"),
    ("pow(0.5) @ U(p, 0, 0) q[0];", 12, "pow can't be applied"),
    ("pow(101) @ rx(p) q[0];", 12, "a power of more than 100"),
    ("pow(50) @ inv @ pow(3) @ rx(p) q[0];", 26, "a power of more than 100"),
    ("if (c ** 2 == 1) x q;", 7, "can't be applied to bits"),
    ("rz(!p) q[0];", 4, "can't be applied here"),
    ("rz(sin(true == p)) q[0];", 13, "input parameter"),
    ("rz(9223372036854775807**0.5 ** c) q[0];", 29, "can't be applied to bits"),
    ("rz(pow(c, 2)) q[0];", 4, "a power needs numbers"),
    ("rz(mod(1, c)) q[0];", 4, "needs a number"),
]


@pytest.mark.parametrize(("statement", "column", "words"), WRONG, ids=[w[0] for w in WRONG])
def test_errors_have_line_and_column(statement, column, words):
    """The error has line, column and cause, also after lines that the fast path read."""
    with pytest.raises(ReadError) as caught:
        read_circuit(HEADER + statement)
    assert words in str(caught.value)
    assert (caught.value.line, caught.value.column) == (4, column)
    assert str(caught.value).startswith(f"line 4, column {column}: ")
    plain = "x q[0];\nrz(0.5) q[1];\n" * 50
    with pytest.raises(ReadError) as caught:
        read_circuit(HEADER + plain + statement)
    assert (caught.value.line, caught.value.column) == (104, column)
    assert isinstance(caught.value, RestPrimitivesError)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("OPENQASM 2.0;", "only OpenQASM 3"),
        ("OPENQASM three;", "only OpenQASM 3"),
        ("OPENQASM 3.0", "expected ';'"),
        ("qubit q; x q;", 'include "stdgates.inc"'),
        ("qubit q; U(0, 0, 0) $0;", "mixed"),
        ("U(0, 0, 0) $99999999999999;", "10000 qubits"),
        ("reset $0; gate g a { U(0, 0, 0) $0; }", "a gate's body"),
        ("reset $0; int $0;", "not declared"),
        ("\x00", "unexpected"),
        ("garbage", "not defined"),
        ("/*", "never closed"),
    ],
)
def test_wrong_texts_are_errors_with_line_and_column(text, words):
    """An error on the first line has its line and column."""
    with pytest.raises(ReadError, match=r"^line 1, column \d+: ") as caught:
        read_circuit(text)
    assert words in str(caught.value)


def test_an_empty_text_is_an_empty_circuit():
    """An empty text gives an empty circuit of the given width."""
    assert read_circuit("").circuit.num_qubits == 0
    assert read_circuit("OPENQASM 3;", num_qubits=3).circuit.num_qubits == 3


def bombs() -> dict[str, str]:
    """Small texts that expand to large circuits, and large texts that are hard to parse."""
    doubling = "".join(f"gate g{k + 1}(a) q {{ g{k}(a) q; g{k}(a) q; }} " for k in range(45))
    chain = "".join(f"gate g{k + 1}(a) q {{ g{k}(a + 1) q; }} " for k in range(200))
    start = HEADER + "gate g0(a) q { rx(a) q; } "
    return {
        "billion qubits": "qubit[1000000000] q;",
        "billion qubits, old": "qreg q[1000000000];",
        "billion bits": "bit[1000000000] c;",
        "many qubits": "".join(f"qubit[2000] q{k};" for k in range(6)),
        "many single qubits": "".join(f"qubit q{k};" for k in range(10_001)),
        "physical": HEADER.replace("qubit[2] q;", "") + "x $1000000000;",
        "power tower": HEADER + "rz(9**9**9**9**9) q[0];",
        "product": HEADER + f"rz({'*'.join(['99999999999999999'] * 5000)}) q[0];",
        "long number": HEADER + f"rz({'9' * 1_000_000}) q[0];",
        "long number and a letter": HEADER + f"rz({'9' * 1_000_000}x) q[0];",
        "long hexadecimal": HEADER + f"rz(0x{'f' * 1_000_000}) q[0];",
        "long bits": HEADER + f'rz("{"1" * 1_000_000}") q[0];',
        "parentheses": HEADER + f"rz({'(' * 100_000}1{')' * 100_000}) q[0];",
        "minuses": HEADER + f"rz({'-' * 100_000}1) q[0];",
        "powers": HEADER + f"rz({'**'.join(['2'] * 100_000)}) q[0];",
        "sum of inputs": HEADER + f"rz({'+'.join(['p'] * 100_000)}) q[0];",
        "conjunction": HEADER + f"if ({'&&'.join(['c[0]'] * 100_000)}) x q;",
        "phases": HEADER + "gphase(p);" * 100_000,
        "blocks": HEADER + "if (c[0]) {" * 100_000,
        "else if": HEADER + "if (c[0]) x q[0]; else " * 100_000,
        "definitions that double": start + doubling + "qubit[1] r; g45(.1) r;",
        "definitions of definitions": start + chain,
        "loops of loops": HEADER + "for int i in [0:9999] " * 3 + "x q[0];",
        "long loop": HEADER + "for int i in [0:999999999999] { x q[0]; }",
        "broadcast": "qubit[10000] q; " + "U(0, 0, 0) q;" * 400,
        "many controls": HEADER + "ctrl(1000000000) @ x q[0], q[1];",
        "controls of a power": HEADER
        + "qubit[30] r; ctrl(25) @ pow(0.3) @ x "
        + ", ".join(f"r[{k}]" for k in range(26))
        + ";",
        "power of a wide gate": HEADER
        + f"qubit[30] r; gate wide {', '.join(f'q{k}' for k in range(25))} {{ h q0; }}"
        + " pow(0.5) @ wide "
        + ", ".join(f"r[{k}]" for k in range(25))
        + ";",
        "unclosed comments": "$" + "/*" * 500_000,
        "quotes": HEADER + '"' * 500_001,
        "open brackets": HEADER + "x q" + "[" * 100_000,
        "semicolons": ";" * 1_000_000,
        "indices in indices": HEADER + "if (" + "c[" * 100_000,
        "indices and operators": HEADER
        + "if ("
        + "c[c&" * 60
        + "c"
        + "&c".join([""] * 199)
        + "]" * 60
        + ") x q;",
        "loop with an index": HEADER + "for int i in [0:999999999999] { x q[0*i]; }",
        "loops with indices": HEADER
        + "for int i in [0:999] for int j in [0:999] for int k in [0:999] h q[0*i + 0*j + 0*k];",
        "empty loop with an index": HEADER + "for int i in [0:999999999999] { if (false) {} else"
        " { let a = q[0:i]; } }",
        "registers in blocks": "bit[100000] c; qubit q;" + "if (c == 1) U(0, 0, 0) q;" * 1_000,
        "slices": HEADER + "bit[100000] d;" + "if (d[0:99998] == 1) x q;" * 1_000,
        "variables": HEADER + "".join(f"bool b{k};" for k in range(5_001)),
        "spaces in a loop": HEADER + "for int" + " " * 1_000_000 + ";",
        "annotations": "@a" * 100 + "\n@b" * 50_000,
        "powers of powers": HEADER + "pow(100) @ " * 1_000 + "rx(p) q[0];",
        "spaces": " " * 1_000_000 + "?",
    }


def read_measured(text: str) -> tuple[Exception | None, float, int]:
    """Reads a text; returns its ReadError if any, the seconds of CPU time, the peak of bytes."""
    error = None
    tracemalloc.start()
    started = time.thread_time()
    try:
        read_circuit(text)
    except ReadError as raised:
        error = raised
    seconds, peak = time.thread_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return error, seconds, peak


@pytest.fixture(scope="module")
def allowed_seconds():
    """CPU time for a text with a long loop, which is read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scope, "MAX_OPERATIONS", 50_000)
        error, seconds, _ = read_measured(HEADER + "for int i in [0:9999] h q[0*i];")
    assert error is None
    return seconds


@pytest.mark.slow
@pytest.mark.parametrize("text", bombs().values(), ids=bombs().keys())
def test_bombs_are_refused_in_bounded_time_and_memory(text, allowed_seconds, monkeypatch):
    """Refusing takes at most 15 times the CPU time of a large text that is read, and 60 MB."""
    monkeypatch.setattr(scope, "MAX_OPERATIONS", 50_000)
    error, seconds, peak = read_measured(text)
    assert re.match(r"line \d+, column \d+: .", str(error))
    assert seconds < 15 * allowed_seconds
    assert peak < 60_000_000


def test_the_limits_themselves_are_allowed(monkeypatch):
    """A value at its limit is read; the next greater one is refused."""
    monkeypatch.setattr(scope, "MAX_OPERATIONS", 6)
    assert len(read_circuit("qubit[3] a; U(0, 0, 0) a; U(0, 0, 1) a;").circuit.data) == 6
    with pytest.raises(ReadError, match="more than 6 operations"):
        read_circuit("qubit[3] a; U(0, 0, 0) a; U(0, 0, 1) a; reset a[0];")
    deep = "(" * tokens.MAX_DEPTH + "1" + ")" * tokens.MAX_DEPTH
    assert len(read_circuit(f"qubit q; U({deep}, 0, 0) q;").circuit.data) == 1
    assert gate_calls.MAX_SYMBOLIC_PHASES > 100


def test_a_width_that_does_not_fit():
    """The caller's number of qubits must be enough for the text."""
    with pytest.raises(ReadError, match="2 qubits in a circuit of 1"):
        read_circuit("qubit[2] q;", num_qubits=1)
    with pytest.raises(ReadError, match=r"\$4 is used, but the circuit has 3 qubits"):
        read_circuit("reset $4;", num_qubits=3)
    for width in (-1, scope.MAX_QUBITS + 1):
        with pytest.raises(ReadError, match="a width of"):
            read_circuit("", num_qubits=width)


def test_exceptions_of_qiskit_become_read_errors(monkeypatch):
    """An exception inside the parser becomes a ReadError with a line and a column."""

    def broken(*_):
        raise KeyError("surprise")

    monkeypatch.setattr(reader, "_cache", reader._Cache())
    monkeypatch.setattr(scope.Scope, "declare_bits", broken)
    with pytest.raises(ReadError, match=r"line 1, column 10: .*surprise"):
        read_circuit("qubit q; bit c;")

    def too_deep(*_):
        raise RecursionError

    monkeypatch.setattr(scope.Scope, "declare_bits", too_deep)
    with pytest.raises(ReadError, match="nested too deep"):
        read_circuit("qubit q; bit c;")
