"""The check of secrets finds leaks of every kind."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secrets.__main__ import LEAST, ROOT, main
from tests.secrets.exceptions import PACKAGE, views
from tests.secrets.files import Files, is_kept_key
from tests.secrets.scanner import Scanner, shortcomings

OTHER = "".join(("c0ffee", "5ec4e7", "4bad"))
"""A marker of its own, so that the leaks made here are none when the check runs these tests."""

LEAKY = """
import base64, logging, os, pickle, subprocess, sys, warnings
import pytest
from qiskit_rest_primitives.errors import AccountError, ProtocolError
from tests.tokens import own_file, secret
from tests.secrets.exceptions import PACKAGE

def test_print():
    print(secret("a"))

def test_captured(capsys):
    print(secret("a"))
    assert capsys.readouterr().out

def test_base64():
    print(base64.b64encode(b"me:" + secret("a").encode()).decode())

def test_logging():
    logging.getLogger("quiet").debug("a %s", secret("a"))

def test_logged_exception():
    try:
        raise ValueError(secret("a"))
    except ValueError:
        logging.getLogger("quiet").debug("why", exc_info=True)

def test_warning():
    with pytest.warns(UserWarning):
        warnings.warn(secret("a"))

def test_expected_exception():
    with pytest.raises(ValueError):
        raise ValueError(secret("a"))

def test_swallowed_exception():
    try:
        raise AccountError(secret("a"))
    except AccountError:
        pass

def test_context():
    with pytest.raises(AccountError):
        try:
            raise ValueError(secret("a"))
        except ValueError:
            raise AccountError("no") from None

def test_local_variable():
    text = "def refuse(key):\\n    raise ProtocolError('no')"
    space = {"ProtocolError": ProtocolError}
    exec(compile(text, PACKAGE + "/made_up.py", "exec"), space)
    with pytest.raises(ProtocolError):
        space["refuse"](secret("a"))

def test_attribute():
    error = AccountError("no")
    error.request = type("Request", (), {})()
    error.request.headers = {"Authorization": secret("a")}

def test_file(tmp_path):
    (tmp_path / "kept").write_bytes(pickle.dumps([secret("a")]))

def test_own_file(tmp_path):
    own_file(tmp_path / "tokens").write_text(secret("a"))

def test_file_in_a_temporary_folder():
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/kept", "w") as file:
            file.write(secret("a"))

def child(program):
    out = subprocess.DEVNULL
    environment = {**os.environ, "KEY": secret("a")}
    subprocess.run([sys.executable, "-c", program], env=environment, stdout=out, check=True)

def test_child_prints():
    child("import os; print(os.environ['KEY'])")

def test_child_logs():
    child("import os, logging; logging.getLogger('x').debug(os.environ['KEY'])")

def test_child_is_clean():
    child("print('nothing')")

@pytest.mark.usual_level
def test_child_prints_only_what_users_see():
    program = "import logging; logging.basicConfig(level='INFO'); logging.debug('unseen')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stderr == b""

def test_child_prints_everything():
    program = "import logging; logging.basicConfig(level='INFO'); logging.debug('seen')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert b"seen" in done.stderr

def test_command_line():
    subprocess.run([sys.executable, "-c", "pass", secret("a")], check=True)

@pytest.mark.parametrize("key", [secret("a")])
def test_name(key):
    pass

def test_notebook():
    import nbformat
    from nbclient import NotebookClient
    cell = nbformat.v4.new_code_cell("import os; print(os.environ['KEY'])")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    os.environ["KEY"] = secret("a")
    NotebookClient(notebook, kernel_name="python3").execute()

def test_drawn_tokens():
    from qiskit_rest_primitives.local import LocalService
    print(LocalService().token)

def test_issued_tokens():
    from qiskit_rest_primitives.local.auth import Tokens
    from qiskit_rest_primitives.local.users import User, known
    print(Tokens([]).issue(known(User("a", "b"))))
"""
FOUND = {
    "test_print": "Captured stdout call",
    "test_captured": "stdout",
    "test_base64": "Captured stdout call",
    "test_logging": "log record of quiet",
    "test_logged_exception": "log record of quiet",
    "test_warning": "warning",
    "test_expected_exception": "exception, ValueError",
    "test_swallowed_exception": "exception, AccountError",
    "test_context": "exception, ValueError",
    "test_local_variable": "local variable key at /made_up.py:2 refuse",
    "test_attribute": "exception, AccountError",
    "test_file": "test_file0/kept",
    "test_file_in_a_temporary_folder": "/kept",
    "test_child_prints": "stdout of a child",
    "test_child_logs": "log of a child",
    "test_command_line": "command line",
    "test_name": "the test's name",
    "test_notebook": "notebook",
    "test_drawn_tokens": "Captured stdout call",
    "test_issued_tokens": "Captured stdout call",
}
CLEAN = (
    "test_own_file",
    "test_child_is_clean",
    "test_child_prints_only_what_users_see",
    "test_child_prints_everything",
)


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """The command on one file of tests."""
    return subprocess.run(
        [sys.executable, "-m", "tests.secrets", str(path)],
        cwd=ROOT,
        env={**os.environ, "TESTS_MARKER": OTHER},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_every_kind_of_leak_is_found_and_named(tmp_path: Path) -> None:
    """The report has each leak's test and place, without the secret; the exit code is 1."""
    path = tmp_path / "test_leaky.py"
    path.write_text(LEAKY)
    done = check(path)
    assert done.returncode == 1, done.stderr
    leaks = done.stdout.split("LEAK ")[1:]
    for name, where in FOUND.items():
        mine = [leak for leak in leaks if f"::{name}\n" in leak or f"::{name}[" in leak]
        assert any(where in leak for leak in mine), f"{name}: {mine}"
    assert not any(f"::{name}\n" in leak for leak in leaks for name in CLEAN)
    assert OTHER not in done.stdout + done.stderr
    assert f"{len(FOUND) + len(CLEAN)} passed" in done.stdout


@pytest.mark.slow
def test_tests_without_leaks_pass(tmp_path: Path) -> None:
    """The exit code is 0, with figures; it is 1 if a test fails."""
    path = tmp_path / "test_clean.py"
    path.write_text("import logging\ndef test_it():\n    logging.getLogger('a').debug('b')\n")
    done = check(path)
    assert done.returncode == 0, done.stdout
    assert "leaks: 0" in done.stdout
    assert "tests: 1\nlog records: 1\n" in done.stdout
    path.write_text("def test_it():\n    assert False\n")
    assert check(path).returncode == 1


def test_small_figures_are_a_failure() -> None:
    """A check that searched almost nothing fails."""
    assert shortcomings(dict(LEAST), LEAST) == []
    few = {**LEAST, "log records": 3}
    assert shortcomings(few, LEAST) == [
        f"only 3 log records, expected at least {LEAST['log records']}"
    ]
    assert len(shortcomings({}, LEAST)) == len(LEAST)


@pytest.mark.slow
def test_an_aborted_run_is_a_failure(capfd: pytest.CaptureFixture[str]) -> None:
    """For example, if the plugin does not load."""
    assert main(["--no-such-option"]) == 1
    assert "did not finish" in capfd.readouterr().out


@pytest.mark.parametrize("before", ["", "a", "ab", "me:", "{'a': 1, "])
def test_the_marker_is_found_in_base64(before: str) -> None:
    """At each alignment, in both alphabets, with and without neighbours."""
    scanner = Scanner(OTHER)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for after in ("", "x", "xyz"):
            assert scanner.holds(encode(f"{before}{OTHER}{after}".encode()))
    assert not scanner.holds(base64.b64encode(b"nothing of the kind in here"))


def test_an_excerpt_is_no_leak_itself() -> None:
    """It has the surroundings without the marker; a location is reported once per test."""
    scanner = Scanner(OTHER)
    for _ in range(2):
        scanner.text("somewhere", f"before {OTHER} after")
    (leak,) = scanner.leaks
    assert leak.excerpt == "before <MARKER> after"


def test_frames_of_others_are_left_out() -> None:
    """Local variables of tests are not searched, those of the package are."""

    def refuse(key: str) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        refuse(OTHER)
    assert not any(OTHER in text for _, text in views(caught.value))
    assert Path(PACKAGE).name == "qiskit_rest_primitives"


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_an_account_file_must_be_private(tmp_path: Path) -> None:
    """It may hold tokens, but no other user may read them."""
    scanner = Scanner(OTHER)
    files = Files(scanner, [tmp_path], tmp_path / "none")
    path = tmp_path / "accounts.json"
    path.write_text(OTHER)
    path.chmod(0o600)
    files.note_account_file(path)
    files.scan()
    assert not scanner.leaks
    path.chmod(0o640)
    files.note_account_file(path)
    (leak,) = scanner.leaks
    assert leak.where == "mode of the account file accounts.json"


def test_a_kept_key_is_private_and_beside_its_store(tmp_path: Path) -> None:
    """A file of that name elsewhere is a leak."""
    key = tmp_path / "signing.key"
    key.write_text("")
    key.chmod(0o600)
    assert not is_kept_key(key)
    (tmp_path / "service.sqlite").write_text("")
    assert is_kept_key(key)
    key.chmod(0o644)
    assert not is_kept_key(key) or os.name == "nt"
    assert not is_kept_key(tmp_path / "service.sqlite")
