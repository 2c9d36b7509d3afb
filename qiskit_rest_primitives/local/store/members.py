"""Sets of numbers in blocks, as SQLite keeps them: a bit a number, or two bytes each if few.

A set of all entries of an owner is a dict: block -> its members as bits of an integer. Sets are
joined and intersected a block at a time, so a list of a million jobs takes some hundred operations.
"""

from __future__ import annotations

import struct

BLOCK = 4096
"""Numbers in a block."""
FEW = 64
"""Up to so many members are kept as numbers of two bytes; more as bits."""

Blocks = dict[int, int]


def decode(stored: bytes | None) -> int:
    """The members of a block as bits of an integer; of a block that is not stored, 0."""
    if stored is None:
        return 0
    if len(stored) == BLOCK // 8:
        return int.from_bytes(stored, "little")
    buffer = bytearray(BLOCK // 8)
    for place in struct.unpack(f"<{len(stored) // 2}H", stored):
        buffer[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(buffer, "little")


def encode(bits: int) -> bytes:
    """The inverse of :func:`decode`.

    >>> decode(encode(0b1011)) == 0b1011
    True
    """
    if bits.bit_count() > FEW:
        return bits.to_bytes(BLOCK // 8, "little")
    few = places(bits)
    return struct.pack(f"<{len(few)}H", *few)


def places(bits: int) -> list[int]:
    """The places of the bits that are set, in ascending order."""
    if bits.bit_count() > FEW:
        return [place for place, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"]
    found: list[int] = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def with_number(stored: bytes | None, number: int) -> bytes:
    """A stored block with one more member."""
    return encode(decode(stored) | 1 << number % BLOCK)


def without_number(stored: bytes | None, number: int) -> bytes:
    """A stored block without a member; empty if it was the last one."""
    return encode(decode(stored) & ~(1 << number % BLOCK))


def both(first: Blocks, second: Blocks) -> Blocks:
    """The members of two sets."""
    few, many = sorted((first, second), key=len)
    return {block: found for block in few if (found := few[block] & many.get(block, 0))}


def without(first: Blocks, second: Blocks) -> Blocks:
    """The members of a set that another one does not have."""
    return {block: left for block, bits in first.items() if (left := bits & ~second.get(block, 0))}


def either(sets: list[Blocks]) -> Blocks:
    """The members of any of some sets."""
    joined: Blocks = dict(sets[0]) if sets else {}
    for each in sets[1:]:
        for block, bits in each.items():
            joined[block] = joined.get(block, 0) | bits
    return joined


def count(members: Blocks) -> int:
    """How many members a set has."""
    return sum(bits.bit_count() for bits in members.values())


def numbers_of(members: Blocks, skip: int, limit: int, *, descending: bool) -> list[int]:
    """A page of the members.

    Args:
        members: of one owner.
        skip: how many to leave out.
        limit: how many to return at most.
        descending: whether to begin with the largest.
    """
    page: list[int] = []
    for block in sorted(members, reverse=descending):
        bits = members[block]
        size = bits.bit_count()
        if skip >= size:
            skip -= size
            continue
        inside = places(bits)
        if descending:
            inside.reverse()
        page += [block * BLOCK + place for place in inside[skip : skip + limit - len(page)]]
        skip = 0
        if len(page) == limit:
            break
    return page


def between(members: Blocks, least: int | None, most: int | None) -> Blocks:
    """The members above ``least`` and below ``most``; None is no bound."""
    kept: Blocks = {}
    for block, bits in members.items():
        start = block * BLOCK
        if least is not None and least >= start:
            above = min(least - start + 1, BLOCK)
            bits = bits >> above << above
        if most is not None and most < start + BLOCK:
            bits &= (1 << max(most - start, 0)) - 1
        if bits:
            kept[block] = bits
    return kept
