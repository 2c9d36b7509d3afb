"""A classical expression of Qiskit's (`expr`) -> OpenQASM 3.

In: an `expr` tree over bits, registers and variables of type Bool and Uint. Out: its text, which
states the width of every number unless its operands already do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.classical import expr, types

from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit_rest_primitives.circuits.registers import RegisterMap

Place = tuple[str, int]

# Types of expressions and variables that can be sent.
SENT_TYPES = (types.Bool, types.Uint)

# Operator precedences; higher binds tighter, as in the OpenQASM 3 grammar.
_UNARY, _ATOM = 11, 12
BINARY: dict[str, tuple[str, int]] = {
    "LOGIC_OR": ("||", 1),
    "LOGIC_AND": ("&&", 2),
    "BIT_OR": ("|", 3),
    "BIT_XOR": ("^", 4),
    "BIT_AND": ("&", 5),
    "EQUAL": ("==", 6),
    "NOT_EQUAL": ("!=", 6),
    "LESS": ("<", 7),
    "LESS_EQUAL": ("<=", 7),
    "GREATER": (">", 7),
    "GREATER_EQUAL": (">=", 7),
    "SHIFT_LEFT": ("<<", 8),
    "SHIFT_RIGHT": (">>", 8),
    "ADD": ("+", 9),
    "SUB": ("-", 9),
    "MUL": ("*", 10),
    "DIV": ("/", 10),
}
_SHIFTS = ("SHIFT_LEFT", "SHIFT_RIGHT")
_ARITHMETIC = ("ADD", "SUB", "MUL", "DIV")
_LOGIC = ("LOGIC_AND", "LOGIC_OR", "LOGIC_NOT")

# A text and the precedence of its outermost operator.
Text = tuple[str, int]


class Classical:
    """Writes classical values inside one block.

    Args:
        clbits: wire register and index of every classical bit of the block.
        registers: the wire's registers.
        variables: the names of the declared real-time variables.
        where: position of the expression, for errors.
    """

    def __init__(
        self,
        clbits: Mapping[Clbit, Place],
        registers: RegisterMap,
        variables: Mapping[expr.Var, str],
        where: str,
    ):
        self._clbits = clbits
        self._registers = registers
        self._variables = variables
        self.where = where

    def text(self, node: expr.Expr) -> str:
        """Returns the text of an expression.

        Raises:
            EncodeError: a type or an operation in it can't be sent.
        """
        return self._write(node)[0]

    def bit(self, bit: Clbit) -> str:
        """Returns the text of a bit."""
        register, index = self._clbits[bit]
        return f"{register}[{index}]"

    def places(self, register: ClassicalRegister) -> tuple[Place, ...]:
        """Returns wire register and index of every bit of a register.

        Raises:
            EncodeError: the circuit does not have the register.
        """
        if all(bit in self._clbits for bit in register):
            return tuple(self._clbits[bit] for bit in register)
        if register in self._registers.whole:
            name = self._registers.whole[register]
            return tuple((name, index) for index in range(len(register)))
        raise EncodeError(
            f"{self.where} uses register {register.name!r}, which the circuit does not have"
        )

    def whole(self, places: Sequence[Place]) -> str | None:
        """Returns the wire register that consists of these bits in this order, or None."""
        wire = places[0][0] if places else ""
        width = self._registers.wire.get(wire, 0)
        return wire if list(places) == [(wire, index) for index in range(width)] else None

    def element(self, target: expr.Expr, index: expr.Expr) -> str:
        """Returns the text of one bit of a register, a variable or another value.

        Raises:
            EncodeError: the index is a constant beyond the width.
        """
        number = int(index.value) if isinstance(index, expr.Value) else None
        if number is not None and number >= target.type.width:
            raise EncodeError(
                f"{self.where} uses bit {number} of a value of {target.type.width} bits"
            )
        if isinstance(target, expr.Var) and isinstance(target.var, ClassicalRegister):
            places = self.places(target.var)
            if number is not None:
                wire, place = places[number]
                return f"{wire}[{place}]"
            if (wire := self.whole(places)) is not None:
                return f"{wire}[{self.text(index)}]"
        text, precedence = self._write(target)
        if not isinstance(target, expr.Var) or precedence < _ATOM:
            text = f"({text})"
        return f"{text}[{self.text(index) if number is None else number}]"

    def variable(self, node: expr.Var) -> str:
        """Returns the name of a real-time variable.

        Raises:
            EncodeError: the circuit does not declare it.
        """
        name = self._variables.get(node)
        if name is None:
            raise EncodeError(
                f"{self.where} uses the real-time variable {node.name!r}, "
                f"which the circuit does not declare"
            )
        return name

    def _write(self, node: expr.Expr) -> Text:
        if node.type.kind not in SENT_TYPES:
            raise EncodeError(
                f"{self.where} has an expression of type {node.type}; "
                f"only expressions of bits, bool and uint can be sent"
            )
        if isinstance(node, expr.Value):
            return self._literal(node), _ATOM
        if isinstance(node, expr.Var):
            return self._variable(node)
        if isinstance(node, expr.Cast):
            return f"{type_text(node.type)}({self.text(node.operand)})", _ATOM
        if isinstance(node, expr.Index):
            return self.element(node.target, node.index), _ATOM
        if isinstance(node, expr.Unary):
            symbol = {"BIT_NOT": "~", "LOGIC_NOT": "!"}[node.op.name]
            return symbol + self._operand(node.op.name, node.operand, _UNARY + 1), _UNARY
        if isinstance(node, expr.Binary):
            return self._binary(node)
        raise EncodeError(
            f"{self.where} has an expression with {type(node).__name__}, which can't be sent"
        )

    def _binary(self, node: expr.Binary) -> Text:
        name = node.op.name
        symbol, precedence = BINARY[name]
        left = self._operand(name, node.left, precedence, node.right)
        # Operators are left-associative: an equal one on the right needs parentheses.
        right = self._operand(name, node.right, precedence + 1, node.left)
        return f"{left} {symbol} {right}", precedence

    def _operand(
        self, name: str, node: expr.Expr, least: int, partner: expr.Expr | None = None
    ) -> str:
        if isinstance(node, expr.Value) and partner is not None:
            number = isinstance(node.type, types.Uint)
            typed = partner.type == node.type and any(expr.iter_vars(partner))
            if number and (least == BINARY["SHIFT_LEFT"][1] + 1 if name in _SHIFTS else typed):
                return str(int(node.value))
        if isinstance(node, expr.Cast) and node.implicit and name in _LOGIC:
            node = node.operand
        if name in _ARITHMETIC and _is_bits(node):
            # OpenQASM 3 has no arithmetic on registers of bits.
            return f"uint[{node.type.width}]({self.text(node)})"
        text, precedence = self._write(node)
        return text if precedence >= least else f"({text})"

    def _literal(self, node: expr.Value) -> str:
        if node.type == types.Bool():
            return "true" if node.value else "false"
        return f"uint[{node.type.width}]({int(node.value)})"

    def _variable(self, node: expr.Var) -> Text:
        if isinstance(node.var, Clbit):
            return self.bit(node.var), _ATOM
        if not isinstance(node.var, ClassicalRegister):
            return self.variable(node), _ATOM
        places = self.places(node.var)
        if (wire := self.whole(places)) is not None:
            return wire, _ATOM
        parts = list(_runs(places))
        if len(parts) == 1 and len(places) > 1:
            return parts[0][1], _ATOM
        # The register is not one of the wire's: assemble it from slices of those.
        pieces = [
            f"uint[{len(places)}]({text})" + (f" << {offset}" if offset else "")
            for offset, text in parts
        ]
        least = BINARY["BIT_OR" if len(pieces) > 1 else "SHIFT_LEFT"][1]
        return " | ".join(pieces), _ATOM if len(places) == 1 else least


def type_text(kind: types.Type) -> str:
    """Returns the OpenQASM 3 spelling of the type Bool or Uint."""
    return "bool" if kind == types.Bool() else f"uint[{kind.width}]"


def _runs(places: Sequence[Place]) -> Iterator[tuple[int, str]]:
    """Yields offset in the register and text of each contiguous slice of a wire register."""
    start = 0
    for stop in range(1, len(places) + 1):
        wire, first = places[start]
        if stop < len(places) and places[stop] == (wire, first + stop - start):
            continue
        last = first + stop - start - 1
        yield start, f"{wire}[{first}]" if first == last else f"{wire}[{first}:{last}]"
        start = stop


def _is_bits(node: expr.Expr) -> bool:
    """Returns whether a value has the OpenQASM type bit[n], not uint[n]."""
    if isinstance(node, expr.Var):
        return isinstance(node.var, ClassicalRegister)
    if isinstance(node, expr.Unary):
        return _is_bits(node.operand)
    if isinstance(node, expr.Binary) and node.op.name not in _ARITHMETIC:
        return _is_bits(node.left) or (node.op.name not in _SHIFTS and _is_bits(node.right))
    return False
