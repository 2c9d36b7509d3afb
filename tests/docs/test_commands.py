"""Commands of the documentation exist, and have the options that it shows.

`.ci/commands.py` runs those that take long, in their short form.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from qiskit_rest_primitives.cli import main
from tests.docs import pages

COMMANDS = sorted(
    {command for page in [pages.README, *pages.PAGES] for command in pages.commands(page)}
)

_QUICK = re.compile(r"qiskit-rest run bell\.qasm --local --(shots|json)")


def programs(command: str) -> list[list[str]]:
    """The words of each program that a line starts, without the variables set before it."""
    parts = [shlex.split(part) for part in re.split(r"\s(?:\||&&|>)\s", command)]
    return [
        [word for position, word in enumerate(words) if position or "=" not in word]
        for words in parts
        if words
    ]


def check_qiskit_rest(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the subcommand names every option."""
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main([*words[1:first], "--help"]))
    printed = capsys.readouterr().out
    assert ended.value.code == 0, printed
    options = {word.partition("=")[0] for word in words[first:] if word.startswith("--")}
    assert {option for option in options if option not in printed} == set(), printed


def check_extras(words: list[str]) -> None:
    """The extras in brackets are those of the package."""
    project = (pages.ROOT / "pyproject.toml").read_text("utf-8")
    section = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    known = set(re.findall(r"^([\w-]+) = \[", section, re.MULTILINE))
    for extras in re.findall(r"\[(.+?)\]", " ".join(words)):
        assert set(extras.split(",")) <= known


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists_with_its_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Programs of this package answer --help; programs of others are on the list below."""
    for words in programs(command):
        if words[0] == "qiskit-rest":
            check_qiskit_rest(words, capsys)
        elif "pip" in words[0]:
            check_extras(words)
        elif words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]) is not None
        else:
            assert words[0] in {"cat", "curl", "dask", "docker", "export", "pytest", "python3"} or (
                words[0].startswith(".venv/bin/")
            ), f"{words[0]}: check it here"


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [line for line in COMMANDS if re.match("[^|]*bell.qasm --local --(shots|json)", line)],
)
def test_a_command_with_its_own_service_runs(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The circuit that the page shows is run, and the outcomes of a Bell pair are printed."""
    [circuit] = [
        block.text
        for block in pages.blocks(pages.ROOT / "docs/command.md")
        if block.language == "qasm"
    ]
    (tmp_path / "bell.qasm").write_text(circuit, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr().out
    assert "00" in printed
    assert "11" in printed
