"""Accounts and their errors under the names of ``qiskit_ibm_runtime.accounts``."""

from qiskit_rest_primitives.account import Account
from qiskit_rest_primitives.errors import AccountError

AccountAlreadyExistsError = AccountError
AccountNotFoundError = AccountError
CloudResourceNameResolutionError = AccountError
InvalidAccountError = AccountError

__all__ = [
    "Account",
    "AccountAlreadyExistsError",
    "AccountNotFoundError",
    "CloudResourceNameResolutionError",
    "InvalidAccountError",
]

# So that absent names say what to use: see absent_names.
__path__: list[str] = []
