"""A file of OpenQASM 2 or 3, ``--param`` and ``--observable`` -> what a PUB takes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from qiskit import QuantumCircuit, qasm2

from qiskit_rest_primitives.cli.failures import USAGE, Failure, WrongValue
from qiskit_rest_primitives.local.qasm3.reader import ReadError, read_circuit

_VERSION: Final = re.compile(r"^\s*OPENQASM\s+(\d+)", re.MULTILINE)
_NUMBER: Final = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_VALUE: Final = re.compile(rf"([-+]?)(?:({_NUMBER})\*?)?(pi)?(?:/({_NUMBER}))?")
_TERM: Final = re.compile(rf"([-+]?)(?:({_NUMBER})\*)?([IXYZ01rl]+)")


def read(text: str, name: str) -> QuantumCircuit:
    """Reads a circuit; a text that names no version is OpenQASM 3.

    Args:
        text: of the file.
        name: of the file, for messages.

    Raises:
        Failure: it is not OpenQASM, or has a feature that is not read; names the place.
    """
    if not text.strip():
        raise Failure(f"{name} is empty: pass a file of OpenQASM 2 or 3", USAGE)
    version = _VERSION.search(text)
    try:
        if version is None or version[1] == "3":
            return read_circuit(text).circuit.copy()
        return qasm2.loads(
            text,
            custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
            custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
        )
    except (ReadError, qasm2.QASM2ParseError) as error:
        said = str(error.message).removeprefix("<input>:")
        raise Failure(f"{name}: {said}", USAGE) from error


def parameter_values(circuit: QuantumCircuit, given: Sequence[str]) -> np.ndarray:
    """The values of a circuit's parameters.

    Args:
        circuit: whose parameters they are.
        given: ``name=value`` or, for a sweep, ``name=value,value,...``; parameters with one value
            keep it in the whole sweep. Values may be written like ``-3*pi/4``.

    Returns:
        Shape ``(n,)``, or ``(points, n)`` for a sweep; the last axis is ``circuit.parameters``.

    Raises:
        WrongValue: a value is missing, unknown, given twice or not a number, or the lists differ
            in length.
    """
    values: dict[str, list[float]] = {}
    for text in given:
        name, equals, listed = text.partition("=")
        if not equals:
            raise WrongValue(f"{text!r}: write NAME=VALUE, such as theta=0.5")
        if name in values:
            raise WrongValue(f"{name} is given twice; a sweep is {name}=0,0.5,1")
        values[name] = [_number(value, text) for value in listed.split(",")]
    names = [parameter.name for parameter in circuit.parameters]
    if unknown := [name for name in values if name not in names]:
        known = ", ".join(names) or "none"
        raise WrongValue(f"the circuit has no parameter {unknown[0]!r}; it has: {known}")
    if missing := [name for name in names if name not in values]:
        raise WrongValue(f"the circuit has parameters without a value: pass {_as_options(missing)}")
    lengths = {len(values[name]) for name in names} - {1}
    if len(lengths) > 1:
        listed = ", ".join(f"{len(values[name])} of {name}" for name in names)
        raise WrongValue(f"the lists of a sweep must be of one length, not {listed}")
    if not lengths:
        return np.array([values[name][0] for name in names], dtype=float)
    points = lengths.pop()
    columns = [values[name] * (1 if len(values[name]) == points else points) for name in names]
    return np.array(columns, dtype=float).T


def _as_options(names: Sequence[str]) -> str:
    return " ".join(f"--param {name}=VALUE" for name in names)


def _number(text: str, whole: str) -> float:
    match = _VALUE.fullmatch(text.replace(" ", ""))
    if match is None or not (match[2] or match[3]):
        raise WrongValue(f"{whole!r}: {text!r} is not a number, nor like -3*pi/4")
    number = float(match[2] or 1) * (math.pi if match[3] else 1)
    divisor = float(match[4] or 1)
    if divisor == 0:
        raise WrongValue(f"{whole!r}: {text!r} divides by zero")
    return (-1 if match[1] == "-" else 1) * number / divisor


def observable(text: str, num_qubits: int) -> dict[str, float]:
    """An observable: ``ZZ``, or a sum such as ``0.5*ZZ-XX``; the last letter is qubit 0.

    Args:
        text: letters I, X, Y, Z, and 0, 1, r, l for projectors.
        num_qubits: of the circuit.

    Raises:
        WrongValue: it can't be read, or has another number of qubits.
    """
    bare = text.replace(" ", "")
    terms = list(_TERM.finditer(bare))
    if not terms or "".join(term[0] for term in terms) != bare:
        raise WrongValue(f"{text!r}: write Pauli letters, such as ZZ or 0.5*ZZ-XX")
    coefficients: dict[str, float] = {}
    for term in terms:
        letters = term[3]
        if len(letters) != num_qubits:
            raise WrongValue(
                f"{text!r}: {letters} is for {len(letters)} qubits, the circuit has {num_qubits}"
            )
        value = float(term[2] or 1) * (-1 if term[1] == "-" else 1)
        coefficients[letters] = coefficients.get(letters, 0.0) + value
    return coefficients
