"""How long the reply to a wrong key waits."""

from __future__ import annotations

from qiskit_rest_primitives.local.wrong_keys import ADDRESSES, FREE, WrongKeys, network_of


class Clock:
    """Time that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def test_replies_wait_longer_and_longer() -> None:
    """The first ones are not delayed; the delay has an upper bound."""
    wrong = WrongKeys(Clock())
    delays = [wrong.delay_seconds("10.0.0.1") for _ in range(FREE + 40)]
    assert set(delays[:FREE]) == {0.0}
    assert delays[FREE:] == sorted(delays[FREE:])
    assert (delays[FREE], delays[-1]) == (0.1, 2.0)
    assert wrong.delay_seconds("10.0.0.2") == 0.0


def test_an_address_is_forgotten_after_a_minute() -> None:
    """Without a wrong key in between."""
    clock = Clock()
    wrong = WrongKeys(clock)
    for _ in range(FREE + 1):
        wrong.delay_seconds("10.0.0.1")
    clock.now += 59
    assert wrong.delay_seconds("10.0.0.1") > 0
    clock.now += 60
    assert wrong.delay_seconds("10.0.0.1") == 0


def test_memory_is_bounded() -> None:
    """Those that were wrong longest ago are forgotten first."""
    wrong = WrongKeys(Clock())
    for _ in range(FREE + 1):
        wrong.delay_seconds("10.0.0.1")
    for number in range(ADDRESSES - 1):
        wrong.delay_seconds(f"10.1.{number >> 8}.{number & 255}")
    assert wrong.delay_seconds("10.0.0.1") > 0
    for number in range(ADDRESSES):
        wrong.delay_seconds(f"10.2.{number >> 8}.{number & 255}")
    assert len(wrong._failures) == ADDRESSES
    assert wrong.delay_seconds("10.0.0.1") == 0


def test_a_network_of_ipv6_is_one_client() -> None:
    """It can choose any of 2^64 addresses."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2") == "2001:db8::"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("") == ""
