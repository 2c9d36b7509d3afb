"""The tag by which a submission finds its own job again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from qiskit_rest_primitives.errors import InputError

TAG_PREFIX: Final = "qrp-"


def new_tag() -> str:
    """A tag that no other submission has."""
    return TAG_PREFIX + os.urandom(16).hex()


def is_own_tag(tag: str) -> bool:
    """Whether a tag was put there by `new_tag`."""
    return tag.startswith(TAG_PREFIX) and len(tag) == len(TAG_PREFIX) + 32


def several_tags(tags: Iterable[str]) -> list[str]:
    """A list of tags.

    Raises:
        InputError: it is one text, whose letters would be taken for tags.
    """
    if isinstance(tags, str):
        raise InputError(f"tags {tags!r} are one text: pass a list, [{tags!r}]")
    return list(tags)
