"""Control-flow instructions -> statements that every importer reads.

In: an instruction of a `Block`. Out: its lines, without features that some importers lack: negative
steps become explicit values, `switch` becomes nested `if`, and a loop that computes angles from its
variable is unrolled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

from qiskit.circuit import (
    BoxOp,
    BreakLoopOp,
    ContinueLoopOp,
    ControlFlowOp,
    ForLoopOp,
    IfElseOp,
    Parameter,
    ParameterExpression,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.controlflow import CASE_DEFAULT

from qiskit_rest_primitives.circuits.block import duration_text
from qiskit_rest_primitives.circuits.classical import Classical
from qiskit_rest_primitives.circuits.conditions import Conditions, Tests
from qiskit_rest_primitives.circuits.expressions import Expression, Formula, Symbol
from qiskit_rest_primitives.circuits.names import loop_variable
from qiskit_rest_primitives.errors import EncodeError

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

    from qiskit_rest_primitives.circuits.block import Block
    from qiskit_rest_primitives.circuits.parameters import Inputs
    from qiskit_rest_primitives.circuits.registers import RegisterMap
    from qiskit_rest_primitives.circuits.variables import Variables

INSTRUCTIONS = (ControlFlowOp, BreakLoopOp, ContinueLoopOp, Store)

_INDENT = "  "
_LONGEST_UNROLLED = 1024

# Yields the lines of one branch at an indentation.
Branch = Callable[[str], Iterator[str]]


@dataclass(frozen=True)
class Context:
    """The parts of the circuit's writer that control flow needs.

    Attributes:
        statements: writes the statements of a block at an indentation.
        registers: the wire's classical registers.
        variables: the real-time variables declared so far.
    """

    statements: Callable[[Block, str], Iterator[str]]
    registers: RegisterMap
    variables: Variables


def statements(
    context: Context, block: Block, index: int, instruction: Any, indent: str
) -> Iterator[str]:
    """Yields the lines of one control-flow instruction.

    Raises:
        EncodeError: it can't be sent.
    """
    operation: Any = instruction.operation
    where = block.where(index, instruction)
    classical = Classical(block.clbits, context.registers, context.variables.names, where)
    conditions = Conditions(classical)

    def branch(body: Any) -> Branch:
        return partial(context.statements, block.inner(body, index, instruction))

    if isinstance(operation, BreakLoopOp):
        yield f"{indent}break;\n"
    elif isinstance(operation, ContinueLoopOp):
        yield f"{indent}continue;\n"
    elif isinstance(operation, IfElseOp):
        tests = conditions.tests(operation.condition)
        then, *otherwise = [branch(body) for body in operation.blocks]
        yield from _if_chain([(tests, then)], otherwise[0] if otherwise else None, indent)
    elif isinstance(operation, SwitchCaseOp):
        cases: list[tuple[Tests | None, Branch]] = []
        default = None
        for values, body in operation.cases_specifier():
            if CASE_DEFAULT in values:
                default = branch(body)
                continue
            cases += [
                (conditions.equals(operation.target, value), branch(body)) for value in values
            ]
        yield from _if_chain(cases, default, indent)
    elif isinstance(operation, WhileLoopOp):
        yield from _while(conditions, operation, branch(operation.blocks[0]), indent)
    elif isinstance(operation, ForLoopOp):
        yield from _for(
            context,
            block.inner(cast("Any", operation.blocks[0]), index, instruction),
            operation,
            where,
            indent,
        )
    elif isinstance(operation, BoxOp):
        if operation.annotations:
            names = ", ".join(repr(annotation.namespace) for annotation in operation.annotations)
            raise EncodeError(
                f"{where} has the annotations {names}, which can't be sent; use a box without them"
            )
        timed = "" if operation.duration is None else f"[{duration_text(operation, where)}]"
        yield from _braces(f"box{timed}", branch(operation.blocks[0]), indent)
    elif isinstance(operation, Store):
        yield from context.variables.assignment(classical, operation, indent)
    else:
        raise EncodeError(
            f"{where} is a control-flow operation that can't be sent; use if_test, "
            f"while_loop, for_loop, switch and box"
        )


def loop_expression(
    angle: Formula, loops: Mapping[Symbol, str], inputs: Inputs, where: Callable[[], str]
) -> str:
    """Returns the arithmetic text of an angle that is computed from loop variables.

    Raises:
        EncodeError: the angle uses other operations than ``+ - * /``.
    """
    text = _arithmetic(angle, {**loops})
    if text is None:
        raise EncodeError(
            f"{where()} computes {angle} from a loop variable, and the loop can't be unrolled as "
            f"it has break or continue; use + - * / only, or write the iterations out"
        )
    names = {
        parameter: loops.get(parameter) or inputs.name(parameter, where)
        for parameter in angle.parameters
    }
    return _arithmetic(angle, names) or ""


def _arithmetic(angle: Formula, names: Mapping[Symbol, str]) -> str | None:
    columns = {parameter: column for column, parameter in enumerate(angle.parameters)}
    return Expression.of(angle, columns).text({**dict.fromkeys(columns, "p"), **names})


def _braces(head: str, branch: Branch, indent: str) -> Iterator[str]:
    yield f"{indent}{head} {{\n"
    yield from branch(indent + _INDENT)
    yield f"{indent}}}\n"


def _if_chain(
    cases: Sequence[tuple[Tests | None, Branch]], default: Branch | None, indent: str
) -> Iterator[str]:
    possible = [(tests, branch) for tests, branch in cases if tests is not None]
    if all(len(tests) == 1 for tests, _ in possible):
        chain = default
        for (test,), branch in reversed(possible):
            chain = partial(_if, test, branch, chain)
        yield from chain(indent) if chain is not None else ()
    else:
        yield from _nested_ifs(possible, default, 0, indent)


def _if(test: str, branch: Branch, otherwise: Branch | None, indent: str) -> Iterator[str]:
    yield f"{indent}if ({test}) {{\n"
    yield from branch(indent + _INDENT)
    if otherwise is not None:
        yield f"{indent}}} else {{\n"
        yield from otherwise(indent + _INDENT)
    yield f"{indent}}}\n"


def _nested_ifs(
    cases: Sequence[tuple[Tests, Branch]], default: Branch | None, depth: int, indent: str
) -> Iterator[str]:
    # Tests bit by bit, because the bits are not one wire register; each leaf is one branch.
    if not cases:
        yield from default(indent) if default is not None else ()
        return
    if depth == len(cases[0][0]):
        yield from cases[0][1](indent)
        return
    test = cases[0][0][depth].lstrip("!")
    yes = [case for case in cases if case[0][depth] == test]
    no = [case for case in cases if case[0][depth] != test]
    yield f"{indent}if ({test}) {{\n"
    yield from _nested_ifs(yes, default, depth + 1, indent + _INDENT)
    if no or default is not None:
        yield f"{indent}}} else {{\n"
        yield from _nested_ifs(no, default, depth + 1, indent + _INDENT)
    yield f"{indent}}}\n"


def _while(conditions: Conditions, operation: Any, body: Branch, indent: str) -> Iterator[str]:
    tests = conditions.tests(operation.condition)
    if tests is not None:
        yield from _braces(f"while ({' && '.join(tests) or 'true'})", body, indent)


def _for(context: Context, body: Block, operation: Any, where: str, indent: str) -> Iterator[str]:
    values, variable, circuit = operation.params
    if variable is not None and not isinstance(variable, Parameter):
        raise EncodeError(
            f"{where} has the real-time loop variable {variable.name!r}; use a Parameter"
        )
    values = values if isinstance(values, range) else list(values)
    if not values:
        return
    if variable is not None and _must_unroll(circuit, variable, values):
        for value in values:
            bound = circuit.assign_parameters({variable: value})
            yield from context.statements(replace(body, circuit=bound), indent)
        return
    if not all(isinstance(value, Integral) for value in values):
        raise EncodeError(f"{where} loops over {values!r}; loop over integers")
    name = "_"
    if variable is not None:
        name = loop_variable(body.depth - 1)
        body = replace(body, loops={**body.loops, variable: name})
    yield from _braces(
        f"for int {name} in {_values_text(values)}", partial(context.statements, body), indent
    )


def _values_text(values: Any) -> str:
    if isinstance(values, range) and values.step > 0:
        step = "" if values.step == 1 else f"{values.step}:"
        return f"[{values.start}:{step}{values.stop - 1}]"
    return "{" + ", ".join(str(int(value)) for value in values) + "}"


def _must_unroll(circuit: QuantumCircuit, variable: Symbol, values: Sequence[Any]) -> bool:
    """Returns whether to write out a loop: it computes angles from its variable."""
    if _has_break_or_continue(circuit):
        return False
    if not all(isinstance(value, Integral) for value in values):
        return True
    expressions = list(_computed_angles(circuit, variable))
    return bool(expressions) and (
        len(values) <= _LONGEST_UNROLLED
        or any(_arithmetic(expression, {}) is None for expression in expressions)
    )


def _computed_angles(circuit: QuantumCircuit, variable: Symbol) -> Iterator[Formula]:
    if variable not in circuit.parameters:
        return
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            for body in operation.blocks:
                yield from _computed_angles(body, variable)
            continue
        for angle in instruction.params:
            computed = isinstance(angle, ParameterExpression) and not isinstance(angle, Parameter)
            if computed and variable in angle.parameters:
                yield angle


def _has_break_or_continue(circuit: Any) -> bool:
    """Returns whether the body of a loop has a break or continue of that loop."""
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, (BreakLoopOp, ContinueLoopOp)):
            return True
        if isinstance(operation, (IfElseOp, SwitchCaseOp, BoxOp)) and any(
            _has_break_or_continue(body) for body in operation.blocks
        ):
            return True
    return False
