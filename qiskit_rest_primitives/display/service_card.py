"""The card of a service: the account, without its secrets, and the client's settings."""

from __future__ import annotations

import dataclasses
from typing import Any

from qiskit_rest_primitives.display.html import card, code, element, facts, folded, table


def service_card(account: Any, url: str, settings: Any) -> str:
    """The card of a service, as seen from one account.

    Args:
        account: with ``channel``, ``instance``, ``name`` and ``verify``; its token is not read.
        url: root of the API.
        settings: a dataclass of the client's settings.
    """
    values = {
        "channel": account.channel,
        "url": code(url),
        "instance": account.instance,
        "saved account": account.name,
        "TLS verification": None if account.verify is True else str(account.verify),
        "proxies": ", ".join(account.proxies) + " (hidden)" if account.proxies else None,
    }
    rows: list[tuple[object, ...]] = []
    changed = 0
    for field in dataclasses.fields(settings):
        value, default = getattr(settings, field.name), _default(field)
        is_set = value != default
        changed += is_set
        shown = element("span", code(value), class_="set" if is_set else None)
        rows.append((field.name, shown, code(default)))
    named = table("Settings of the client", ("setting", "value", "default"), rows)
    title = "QiskitRuntimeService"
    summary = f"Settings ({changed} set)"
    return card(title, facts(title, values), folded(summary, named, unfolded=bool(changed)))


def _default(field: dataclasses.Field[Any]) -> Any:
    factory = field.default_factory
    return field.default if factory is dataclasses.MISSING else factory()
