"""Lets a recording stand between the clients of this process and their services.

One interceptor at a time, for all clients and threads: pollers and downloads have threads of their
own, and a client that was made before the recording began takes part as well.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias

from qiskit_rest_primitives.errors import RestPrimitivesError
from qiskit_rest_primitives.http.transport import Call, Reply

if TYPE_CHECKING:
    from qiskit_rest_primitives.account import Account

Send: TypeAlias = Callable[[Call], Reply]


class Interceptor(Protocol):
    """Answers calls, by itself or with the help of the service.

    Attributes:
        sends: whether it passes calls on to the service.
    """

    sends: bool

    def answer(self, account: Account, path: str, call: Call, send: Send) -> Reply:
        """Answers one call of the API.

        Args:
            account: of the client.
            path: of the call, below the service's url.
            call: what the client sends.
            send: sends it to the service.
        """
        ...


_current: Interceptor | None = None


@contextmanager
def intercepting(interceptor: Interceptor) -> Generator[None]:
    """Hands every call of this process to an interceptor until the block ends.

    Raises:
        RestPrimitivesError: there is one already.
    """
    global _current
    if _current is not None:
        raise RestPrimitivesError(
            "a recording or a replay is active already, for all clients of this process: end it "
            "before the next one begins"
        )
    _current = interceptor
    try:
        yield
    finally:
        _current = None


def answer(account: Account, path: str, call: Call, send: Send) -> Reply:
    """The interceptor's answer to a call, or the service's."""
    if _current is None:
        return send(call)
    return _current.answer(account, path, call, send)


def is_intercepted() -> bool:
    """Whether a recording or a replay is active."""
    return _current is not None


def reaches_service() -> bool:
    """Whether calls are sent to a service; false in a replay."""
    return _current is None or _current.sends
