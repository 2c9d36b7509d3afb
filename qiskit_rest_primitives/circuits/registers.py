"""Classical registers: the user's -> the wire's disjoint, portably named ones, and results back.

In: QuantumCircuit. Out: the wire register and index of every bit, and of the bits of every register
of the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BitArray

from qiskit_rest_primitives.circuits.names import is_portable
from qiskit_rest_primitives.errors import ProtocolError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qiskit.circuit import ClassicalRegister, Clbit, QuantumCircuit


@dataclass(frozen=True)
class RegisterSource:
    """The position of one of the user's registers in the wire's registers.

    Attributes:
        name: the user's name.
        size: its width in bits.
        wire: the wire register that equals this register, or None.
        bits: when ``wire`` is None, the wire register and index of every bit, bit 0 first.
    """

    name: str
    size: int
    wire: str | None = None
    bits: tuple[tuple[str, int], ...] = ()

    def to_json(self) -> list[Any]:
        """Returns ``[name, size, wire]``, or ``[name, size, [[wire, index], ...]]``."""
        return [self.name, self.size, self.bits if self.wire is None else self.wire]

    @classmethod
    def from_json(cls, item: Any) -> RegisterSource:
        """Reads what `to_json` wrote.

        Raises:
            TypeError, ValueError: it has another form.
        """
        name, size, place = item
        if not isinstance(name, str) or not isinstance(size, int) or size < 0:
            raise TypeError(f"not a register: {item!r}")
        if isinstance(place, str):
            return cls(name, size, wire=place)
        bits = tuple((str(wire), int(index)) for wire, index in place)
        if len(bits) != size:
            raise ValueError(f"not a register: {item!r}")
        return cls(name, size, bits=bits)


@dataclass(frozen=True)
class RegisterMap:
    """The wire's classical registers of one circuit.

    Attributes:
        wire: the wire registers' names and widths, in order of declaration.
        place: wire register and index of every classical bit.
        whole: for every register of the user with a wire register of its own, its name.
        sources: the positions of the user's registers, in ``circuit.cregs`` order.
    """

    wire: dict[str, int]
    place: dict[Clbit, tuple[str, int]]
    whole: dict[ClassicalRegister, str]
    sources: tuple[RegisterSource, ...]

    @classmethod
    def of(cls, circuit: QuantumCircuit) -> RegisterMap:
        """Lays out a circuit's classical bits: each bit in one register, none of size zero.

        A register that shares no bit with an earlier one becomes a wire register. All other bits
        (outside every register, or only in registers that overlap) share one last register.
        """
        wire: dict[str, int] = {}
        place: dict[Clbit, tuple[str, int]] = {}
        whole: dict[ClassicalRegister, str] = {}
        kept = {creg.name for creg in circuit.cregs if is_portable(creg.name)}
        for creg in circuit.cregs:
            bits = list(creg)
            if not bits or len(set(bits)) != len(bits) or not place.keys().isdisjoint(bits):
                continue
            name = creg.name if creg.name in kept else _free_name(kept | wire.keys())
            wire[name] = len(bits)
            whole[creg] = name
            place.update((bit, (name, index)) for index, bit in enumerate(bits))
        rest = [bit for bit in circuit.clbits if bit not in place]
        if rest:
            name = _free_name(kept | wire.keys())
            wire[name] = len(rest)
            place.update((bit, (name, index)) for index, bit in enumerate(rest))
        sources = tuple(
            RegisterSource(creg.name, len(creg), wire=whole[creg])
            if creg in whole
            else RegisterSource(creg.name, len(creg), bits=tuple(place[bit] for bit in creg))
            for creg in circuit.cregs
        )
        return cls(wire, place, whole, sources)


def _free_name(taken: Iterable[str]) -> str:
    index = 0
    while f"c{index}" in taken:
        index += 1
    return f"c{index}"


def restore_register(
    source: RegisterSource,
    fields: Mapping[str, BitArray | NDArray[Any]],
    shape: tuple[int, ...],
    shots: int,
) -> BitArray | NDArray[Any]:
    """Builds one of the user's registers; see `CircuitDescription.restore_registers`."""
    if source.wire is not None:
        field = _field(fields, source.wire, source.name)
        width = field.num_bits if isinstance(field, BitArray) else field.shape[-1]
        if width != source.size:
            raise ProtocolError(
                f"register {source.name!r} has {source.size} bits, but the result has {width}"
            )
        return field
    if not source.bits:
        return BitArray(np.zeros((*shape, shots, 0), dtype=np.uint8), 0)
    columns: list[NDArray[Any]] = []
    packed = True
    unpacked: dict[str, NDArray[Any]] = {}
    for wire, index in source.bits:
        if wire not in unpacked:
            field = _field(fields, wire, source.name)
            packed = isinstance(field, BitArray)
            unpacked[wire] = (
                field.to_bool_array(order="little") if isinstance(field, BitArray) else field
            )
        if index >= unpacked[wire].shape[-1]:
            raise ProtocolError(
                f"register {source.name!r} needs bit {index} of {wire!r}, but the result has only "
                f"{unpacked[wire].shape[-1]} bits"
            )
        columns.append(unpacked[wire][..., index])
    bits = np.stack(columns, axis=-1)
    return BitArray.from_bool_array(bits, order="little") if packed else bits


def _field(
    fields: Mapping[str, BitArray | NDArray[Any]], wire: str, name: str
) -> BitArray | NDArray[Any]:
    try:
        return fields[wire]
    except KeyError:
        raise ProtocolError(
            f"register {name!r} (on the wire {wire!r}) is missing in the result; it has "
            f"{sorted(fields)}"
        ) from None
