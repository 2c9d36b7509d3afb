"""Made-up secrets for tests, marked so that the check for leaks finds them."""

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
        name: its purpose; each name has its own secret.
        length: number of characters, at least 17.
    """
    digits = hashlib.sha256(name.encode()).hexdigest() * 4
    return marking.used(f"{marking.MARKER}-{digits}"[:length])


def hex_secret(length: int) -> str:
    """A secret of lower-case hexadecimal digits, as the retired Classic platform's were."""
    return marking.used((marking.MARKER * length)[:length])


def jwt(expires: float) -> str:
    """A JSON web token that expires at ``expires`` (Unix time, s); the marker is its signature."""
    parts = [{"alg": "none"}, {"exp": expires}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return marking.used(".".join([*(text.rstrip("=") for text in texts), marking.MARKER]))


def own_file(path: Path) -> Path:
    """Registers a file that the test writes to hold a secret."""
    OWN_FILES.add(path.resolve())
    return path
