"""Where url, token and instance come from: argument, environment, saved file. No HTTP.

``validate`` checks one value, ``account_file`` reads and writes the file, ``saved`` finds and
changes accounts in it, ``resolve`` makes an account.
"""

from qiskit_rest_primitives.account.resolve import Account, as_saved, resolve_account
from qiskit_rest_primitives.account.saved import (
    delete_account,
    save_account,
    saved_accounts,
)
from qiskit_rest_primitives.account.secret import Secret

__all__ = [
    "Account",
    "Secret",
    "as_saved",
    "delete_account",
    "resolve_account",
    "save_account",
    "saved_accounts",
]
