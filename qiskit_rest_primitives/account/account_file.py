"""The file of saved accounts, shared with qiskit-ibm-runtime: JSON, one object an account name."""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, Final

from qiskit_rest_primitives.account.secret import HiddenUrls, Secret, hide
from qiskit_rest_primitives.errors import AccountError

logger = logging.getLogger(__name__)

SECRET_FIELDS: Final = ("token", "proxies")
DEFAULT_FILE: Final = "~/.qiskit/qiskit-ibm.json"


def account_path(filename: str | None) -> Path:
    """The file, ``~`` and symbolic links resolved."""
    return Path(os.path.expanduser(filename or DEFAULT_FILE)).resolve()


def read_accounts(filename: str | None) -> dict[str, dict[str, Any]]:
    """All accounts in the file by name; empty if there is no file. Tokens and proxies are hidden.

    A file that others can read is made private, as it holds tokens.

    Raises:
        AccountError: the file can't be read or is not what the official client writes.
    """
    path = account_path(filename)
    accounts, problem = _read(path)
    if problem:
        raise AccountError(f"the account file {path} {problem}")
    return accounts


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """The accounts, and what is wrong with the file.

    It raises nothing: the frame, and the errors of the decoders, hold the file's text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"can't be read: {error}"
    except UnicodeDecodeError as error:
        return {}, f"can't be read: it is not UTF-8 (byte {error.start})"
    _make_private(path)
    try:
        accounts = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        return {}, f"is not JSON (line {error.lineno}, column {error.colno}); fix or remove it"
    except RecursionError:
        return {}, "is nested too deeply; fix or remove it"
    if not isinstance(accounts, dict) or not all(isinstance(a, dict) for a in accounts.values()):
        return {}, "does not hold accounts by name; remove it"
    for account in accounts.values():
        account |= {field: hide(account[field]) for field in SECRET_FIELDS if field in account}
    return accounts, ""


def write_accounts(filename: str | None, accounts: dict[str, dict[str, Any]]) -> None:
    """Replaces the file in one step; only its owner can read it (mode 600)."""
    path = account_path(filename)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes a file of mode 600; os.replace keeps it and never shows half a file.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    except OSError as error:
        raise AccountError(f"the account file {path} can't be written: {error}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(accounts, file, sort_keys=True, indent=4, default=_plain)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _plain(hidden: Any) -> Any:
    """What is saved of a hidden value: the file is the one place where secrets are written."""
    if isinstance(hidden, Secret):
        return hidden.reveal()
    if isinstance(hidden, HiddenUrls):
        return dict(hidden)
    raise TypeError(f"{type(hidden).__name__} can't be saved in an account")


def _make_private(path: Path) -> None:
    if os.name == "nt" or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return
    try:
        path.chmod(0o600)
    except OSError as error:
        logger.warning("%s holds tokens and can be read by others: %s", path, error)
    else:
        logger.warning("%s holds tokens and could be read by others; its mode is now 600", path)
