"""The marker ``rest_faults``: its arguments -> what goes wrong at the embedded service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from qiskit_rest_primitives.local import LocalService

TIMEOUT_SECONDS = 10


def set_faults(local: LocalService, *call: str, **arguments: Any) -> None:
    """Lets calls of a service fail, or lets it be in a certain state.

    Args:
        local: the service; it has faults on demand.
        call: method and pattern of the path of the calls that fail, such as ``"GET", "/jobs/*"``.
        arguments: ``queue=N`` (each job starts after N reads of its state; None for never),
            ``offline=True`` or names of backends, ``usage_limit=True`` or seconds,
            ``lost_replies=N`` (so many jobs are created without a reply), ``expired_token=True``;
            or, for ``call``, the members of `Fault`, such as ``status=503, count=2``.

    Raises:
        ValueError: an argument that is not among these, or nothing that goes wrong.
    """
    assert local.faults is not None
    states = {name: arguments.pop(name) for name in list(arguments) if name in _STATES}
    for name, value in states.items():
        if value is not False:
            _STATES[name](local, value)
    if call or arguments or not states:
        try:
            local.faults.add(*call, **arguments)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{error}; rest_faults takes {', '.join(_STATES)}, or the method and path of calls "
                "and what goes wrong with them: status, drop, delay and the other members of Fault"
            ) from None


def _queue(local: LocalService, polls: Any) -> None:
    assert local.faults is not None
    local.faults.queue(polls=None if polls is True else polls)


def _offline(local: LocalService, names: Any) -> None:
    assert local.faults is not None
    local.faults.offline(*(() if names is True else [names] if isinstance(names, str) else names))


def _usage_limit(local: LocalService, seconds: Any) -> None:
    with requests.Session() as session:
        session.trust_env = False  # no proxy leads to this machine
        session.put(
            f"{local.url}/instances/configuration",
            json={"instance_limit": 0 if seconds is True else seconds},
            headers={"Authorization": f"Bearer {local.token}"},
            timeout=TIMEOUT_SECONDS,
        ).raise_for_status()


def _lost_replies(local: LocalService, count: Any) -> None:
    assert local.faults is not None
    local.faults.add(
        "POST", "/jobs", drop=True, after_work=True, count=None if count is True else count
    )


def _expired_token(local: LocalService, _: Any) -> None:
    assert local.faults is not None
    local.faults.add(status=401)


_STATES: dict[str, Callable[[LocalService, Any], None]] = {
    "queue": _queue,
    "offline": _offline,
    "usage_limit": _usage_limit,
    "lost_replies": _lost_replies,
    "expired_token": _expired_token,
}
