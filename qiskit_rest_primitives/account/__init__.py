"""Where url, token and instance come from: argument, environment, saved file. No HTTP.

``checks`` says what is well formed, ``file`` reads and writes, ``saved`` knows the accounts in the
file, ``resolve`` puts one together.
"""

from qiskit_rest_primitives.account.resolve import Account, resolve_account
from qiskit_rest_primitives.account.saved import (
    delete_account,
    save_account,
    saved_accounts,
)
from qiskit_rest_primitives.account.secret import Secret

__all__ = [
    "Account",
    "Secret",
    "delete_account",
    "resolve_account",
    "save_account",
    "saved_accounts",
]
