"""Settings: a value that is not a number is an error at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives import OptionsError, Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("submissions_per_minute", -1),
        ("submissions_per_minute", "5"),
        ("submissions_per_minute", True),
        ("lookup_seconds", float("nan")),
        ("lookup_seconds", None),
        ("outage_seconds", -0.1),
        ("first_pause_seconds", float("inf")),
        ("result_memory_bytes", -1),
    ],
)
def test_wrong_values_are_refused(name: str, value: Any) -> None:
    """The error has the setting's name and is raised before anything is sent."""
    with pytest.raises(OptionsError, match=name):
        Settings(**{name: value})


def test_a_folder_may_be_a_string_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes a path below the home folder."""
    monkeypatch.setenv("HOME", "/home/me")
    settings: Any = Settings
    assert settings(state_folder="~/kept").state_folder == Path("/home/me/kept")
    assert Settings(submissions_per_minute=0.5, lookup_seconds=0).journal
