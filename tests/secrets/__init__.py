"""The one place from which tests take secrets, and the check that none of them comes to light.

``python -m tests.secrets`` runs the whole suite with `plugin`. Each secret of a test, of the
embedded service and of their child processes holds the marker, so that finding one means to search
for one text:

``marking``     the marker, and what makes it part of secrets that are drawn by chance
``scanner``     searches texts, bytes and files; keeps what it found and the figures
``exceptions``  all that a debugger or an error tracker would show of an exception
``files``       which files are new or changed, and the few that may hold a secret
``watching``    taps on logging, warnings, subprocesses, exceptions and captured output
``plugin``      the hooks of pytest
``child``       goes into ``PYTHONPATH`` and puts the taps into child processes
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from tests.secrets import marking

OWN_FILES: set[Path] = set()
"""Account and token files that a test wrote itself, as its user would."""


def secret(name: str, length: int = 44) -> str:
    """A secret with the marker in front: letters, digits and dashes, the same at each call.

    Args:
        name: what it is for; another name is another secret.
        length: characters, at least 17.
    """
    digits = hashlib.sha256(name.encode()).hexdigest() * 4
    return marking.used(f"{marking.MARKER}-{digits}"[:length])


def hex_secret(length: int) -> str:
    """A secret of lower-case hexadecimal digits, as the retired Classic platform's were."""
    return marking.used((marking.MARKER * length)[:length])


def jwt(expires: float) -> str:
    """A JSON web token that expires then, seconds since 1970; the marker is its signature."""
    parts = [{"alg": "none"}, {"exp": expires}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return marking.used(".".join([*(text.rstrip("=") for text in texts), marking.MARKER]))


def own_file(path: Path) -> Path:
    """Names a file that the test writes and whose purpose it is to hold a secret."""
    OWN_FILES.add(path.resolve())
    return path
