"""Replaces secrets and personal ids in the text of a recording. In: text. Out: text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.account.secret import Secret

HIDDEN: Final = "<hidden>"
SHORT_CHARACTERS: Final = 8
"""A shorter secret may be a word of a good reply: it is replaced where it is a whole string."""

_PATTERNS: Final = (
    # CRNs, which name the account and the instance.
    (re.compile(rb"crn:v1:[\w.~%:/-]+"), b"crn:v1:hidden"),
    # JSON web tokens.
    (re.compile(rb"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), HIDDEN.encode()),
    (re.compile(rb"IBMid-\w+"), b"IBMid-hidden"),
    # User and password in a url.
    (re.compile(rb"(?<=://)[^\s/\"'@]+@"), b""),
    (
        re.compile(rb'("(?:user_id|iam_id|account_id|instance_id|email)"\s*:\s*)"[^"]*"'),
        rb'\1"hidden"',
    ),
)


def mask(text: bytes, secrets: Iterable[str] = ()) -> bytes:
    """Hides tokens, CRNs, ids of users and accounts, and passwords in URLs.

    Args:
        text: JSON, or any other text.
        secrets: further texts to hide, in any of the ways in which JSON or a URL may spell them.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        for form in {secret, json.dumps(secret)[1:-1], quote(secret, safe="")}:
            sought = form if len(secret) >= SHORT_CHARACTERS else f'"{form}"'
            hidden = HIDDEN if len(secret) >= SHORT_CHARACTERS else f'"{HIDDEN}"'
            text = text.replace(sought.encode(), hidden.encode())
    for pattern, hidden in _PATTERNS:
        text = pattern.sub(hidden, text)
    return text


def secrets_of(account: Account) -> set[Secret[str]]:
    """What an account has to hide: its token, its CRN, and users and passwords of its proxies."""
    found = {account.token.reveal(), account.instance or ""}
    for url in (account.proxies or {}).values():
        parts = urlsplit(url)
        found |= {unquote(part) for part in (parts.username, parts.password) if part}
    return {Secret(text) for text in found if text}
