"""Every command explains itself, with examples that its parser takes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from qiskit_rest_primitives import __version__
from qiskit_rest_primitives.cli.app import app
from tests.cli.conftest import call
from tests.cli.parsing import parse
from tests.tokens import own_file


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command and each group below a group."""
    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


@pytest.mark.parametrize("words", list(commands(app)), ids=" ".join)
def test_help_has_an_example_that_parses(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of an example is a command line of that command."""
    result = call(*words, "--help")
    assert result.exit_code == 0
    examples = [line for line in result.stdout.splitlines() if "  qiskit-rest " in f" {line}"]
    assert examples
    monkeypatch.chdir(tmp_path)
    for line in examples:
        _, *given = shlex.split(line.rpartition("|")[2])
        assert given[: len(words)] == list(words)
        for name in given:
            if Path(name).suffix in (".qasm", ".token"):
                Path(name).write_text("")
                Path(name).chmod(0o600)
        parse(given)


def test_help_documents_exit_codes_and_completion() -> None:
    """What programs and shells need is in the help of the command itself."""
    text = call("--help").stdout
    for code in ("0 ", "1 ", "2 ", "130 "):
        assert f"\n    {code}" in text
    assert "_QISKIT_REST_COMPLETE=bash_source" in text


def test_names_of_saved_accounts_are_completed(tmp_path: Path) -> None:
    """From the account file, which may be absent or damaged."""
    option = next(found for found in app.commands["jobs"].params if found.name == "name")
    file = own_file(tmp_path / ".qiskit" / "qiskit-ibm.json")
    context = click.Context(app)
    assert option.shell_complete(context, "lab") == []
    file.parent.mkdir()
    file.write_text("{")
    assert option.shell_complete(context, "lab") == []
    file.write_text(json.dumps({name: {"channel": "local"} for name in ("laboratory", "home")}))
    file.chmod(0o600)
    assert [item.value for item in option.shell_complete(context, "lab")] == ["laboratory"]


def test_the_version_is_that_of_the_package() -> None:
    """One line, for reports of defects."""
    assert call("--version").stdout == f"qiskit-rest-primitives {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("runn",), "run"),
        (("account", "lst"), "list"),
        (("jobs", "--limt", "3"), "--limit"),
        (("jobs", "--token", "x"), "--token-file"),
    ],
)
def test_a_misspelt_word_is_named_with_its_cure(words: tuple[str, ...], said: str) -> None:
    """The exit code is 2; the message is click's."""
    result = call(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words[-2 if words[-1] in "3x" else -1] in result.stderr
    assert said in result.stderr
