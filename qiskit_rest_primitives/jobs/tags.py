"""The tag by which a submission finds its own job again."""

from __future__ import annotations

import os
from typing import Final

TAG_PREFIX: Final = "qrp-"


def new_tag() -> str:
    """A tag that no other submission has."""
    return TAG_PREFIX + os.urandom(16).hex()


def is_own_tag(tag: str) -> bool:
    """Whether a tag was put there by `new_tag`."""
    return tag.startswith(TAG_PREFIX) and len(tag) == len(TAG_PREFIX) + 32
