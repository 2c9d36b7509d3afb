"""What learning the noise of a layer would find, from the errors that a device reports. No I/O.

PEC multiplies the number of random circuits by gamma squared, which depends on the learned noise
alone: here on the errors of the layer's gates, of the random gates around them, and on the
relaxation of qubits that wait.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from qiskit_rest_primitives.mitigation.base.layers import Gates, Layer, LayerNoise

if TYPE_CHECKING:
    from qiskit.transpiler import Target

_TURNS: Final = 2
"""sx gates of a random gate on each qubit of a layer."""


def expected_noise(layers: Iterable[Layer], target: Target) -> dict[Gates, LayerNoise]:
    """The noise of layers, with the rates that a device's reports let expect.

    Where rates act does not matter, only their sum on each qubit or pair: all are of Z and ZZ.

    Args:
        layers: to learn.
        target: of the device; what it does not report counts as free of errors.
    """
    return {layer.gates: LayerNoise(layer, _noise(layer, target)) for layer in layers}


def _noise(layer: Layer, target: Target) -> Any:
    from qiskit.quantum_info import PauliLindbladMap

    places = {qubit: place for place, qubit in enumerate(layer.qubits)}
    rates: list[tuple[str, list[int], float]] = []
    lengths = [_reported(target, name, pair)[0] for name, pair in layer.gates]
    busy: set[int] = set()
    for name, pair in layer.gates:
        busy.update(pair)
        error = _reported(target, name, pair)[1]
        rates.append(("ZZ", [places[qubit] for qubit in pair], _rate(error * 5 / 4)))
    for qubit, place in places.items():
        # An average infidelity r of a gate on n qubits is a Pauli error of r (2^n + 1) / 2^n.
        error = _TURNS * _reported(target, "sx", (qubit,))[1] * 3 / 2
        if qubit not in busy:
            error += _waiting(target, qubit, max(lengths, default=0.0))
        rates.append(("Z", [place], _rate(error)))
    return PauliLindbladMap.from_sparse_list(rates, num_qubits=len(layer.qubits))


def _rate(error: float) -> float:
    """The rate of a Pauli that occurs with a probability."""
    return -math.log(max(1e-3, 1 - 2 * error)) / 2


def _reported(target: Target, name: str, qubits: tuple[int, ...]) -> tuple[float, float]:
    """Duration (seconds) and error of an instruction; 0 where they are not reported."""
    listed: Any = target[name] if name in target.operation_names else {}
    found = listed.get(qubits) or listed.get(qubits[::-1])
    if found is None:
        return 0.0, 0.0
    return found.duration or 0.0, found.error or 0.0


def _waiting(target: Target, qubit: int, seconds: float) -> float:
    """The probability of a Pauli error of an idle qubit: its relaxation, twirled."""
    reported: Any = (target.qubit_properties or {})[qubit] if target.qubit_properties else None
    t1, t2 = getattr(reported, "t1", None), getattr(reported, "t2", None)
    decayed = 1 - math.exp(-seconds / t1) if t1 else 0.0
    dephased = 1 - math.exp(-seconds / t2) if t2 else 0.0
    return decayed / 4 + dephased / 2
