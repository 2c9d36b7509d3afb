"""Sets of numbers, a block at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qiskit_rest_primitives.local.store import members
from qiskit_rest_primitives.local.store.members import BLOCK, Blocks

numbers = st.sets(st.integers(0, 3 * BLOCK), max_size=200)


def blocks(values: set[int]) -> Blocks:
    """A set as the store keeps it."""
    found: dict[int, bytes] = {}
    for number in values:
        found[number // BLOCK] = members.with_number(found.get(number // BLOCK), number)
    return {block: members.decode(stored) for block, stored in found.items()}


def listed(found: Blocks) -> list[int]:
    """All members, in ascending order."""
    return members.numbers_of(found, 0, 10**6, descending=False)


@given(numbers)
def test_a_set_survives_the_database(values: set[int]) -> None:
    """Few members and many; what was added can be listed and counted."""
    assert listed(blocks(values)) == sorted(values)
    assert members.count(blocks(values)) == len(values)


def test_a_full_block_is_a_bit_a_number() -> None:
    """It takes an eighth of a byte for each, and gets smaller when members leave."""
    stored = None
    for number in range(200):
        stored = members.with_number(stored, number)
    assert stored is not None
    assert len(stored) == BLOCK // 8
    for number in range(199):
        stored = members.without_number(stored, number)
    assert len(stored) == 2
    assert members.without_number(stored, 199) == b""
    assert members.without_number(None, 5) == b""


@given(numbers, numbers)
def test_sets_are_joined_and_intersected(first: set[int], second: set[int]) -> None:
    """As Python's sets are."""
    one, two = blocks(first), blocks(second)
    assert listed(members.both(one, two)) == sorted(first & second)
    assert listed(members.without(one, two)) == sorted(first - second)
    assert listed(members.either([one, two])) == sorted(first | second)
    assert members.either([]) == {}


@given(numbers, st.integers(0, 50), st.integers(1, 50), st.booleans())
def test_pages_are_slices_of_the_list(
    values: set[int], skip: int, limit: int, descending: bool
) -> None:
    """A page is a slice of the list, from either end."""
    page = members.numbers_of(blocks(values), skip, limit, descending=descending)
    assert page == sorted(values, reverse=descending)[skip : skip + limit]


@given(
    numbers,
    st.none() | st.integers(-5, 3 * BLOCK),
    st.none() | st.integers(-5, 3 * BLOCK),
)
def test_bounds_are_exclusive(values: set[int], least: int | None, most: int | None) -> None:
    """Both are exclusive; None is no bound."""
    expected = [
        number
        for number in sorted(values)
        if (least is None or number > least) and (most is None or number < most)
    ]
    assert listed(members.between(blocks(values), least, most)) == expected
