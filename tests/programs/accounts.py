"""Accounts: saved in a file of one's own, named, overwritten, used, deleted.

Tokens are not compared: those of this package are hidden until `reveal()` is called.
A file is given, so that the accounts in ~/.qiskit are left alone.
"""

import json
import os
import tempfile
from pathlib import Path

from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.accounts import AccountAlreadyExistsError, AccountNotFoundError

CHANNEL = "ibm_quantum_platform"


def main(service: QiskitRuntimeService) -> dict:
    """What saved_accounts, active_account and instances say."""
    with tempfile.TemporaryDirectory() as folder:
        return with_file(service, str(Path(folder) / "accounts.json"))


def with_file(service: QiskitRuntimeService, filename: str) -> dict:
    """The same, with accounts in a file that holds tokens."""
    token, url = os.environ["QISKIT_IBM_TOKEN"], os.environ["QISKIT_IBM_URL"]
    instance = os.environ["QISKIT_IBM_INSTANCE"]
    own = {"channel": CHANNEL, "url": url, "instance": instance, "filename": filename}
    QiskitRuntimeService.save_account(token=token, name="mine", **own)
    QiskitRuntimeService.save_account(
        token, url, instance, CHANNEL, filename=filename, set_as_default=True
    )
    errors = []
    try:
        QiskitRuntimeService.save_account(token=token + "x", name="mine", **own)
    except AccountAlreadyExistsError:
        errors.append("exists")
    QiskitRuntimeService.save_account(token=token, name="mine", overwrite=True, **own)
    saved = QiskitRuntimeService.saved_accounts(filename=filename)
    named = QiskitRuntimeService.saved_accounts(filename=filename, name="mine")
    default = QiskitRuntimeService(filename=filename)
    mine = QiskitRuntimeService(filename=filename, name="mine")
    by_channel = QiskitRuntimeService(channel=CHANNEL, filename=filename)
    given = QiskitRuntimeService(CHANNEL, token, url, None, None, instance)
    try:
        QiskitRuntimeService(filename=filename, name="nobody")
    except AccountNotFoundError:
        errors.append("nobody")
    active = mine.active_account()
    first_deletion = QiskitRuntimeService.delete_account(filename=filename, name="mine")
    return {
        "errors": errors,
        "saved": len(saved),
        "names": list(named),
        "fields": sorted(set(named["mine"]) - {"private_endpoint"}),
        "urls": {one["url"] == url for one in saved.values()} == {True},
        "default": default.backend("statevector").name,
        "instance": [
            one.active_instance() == instance for one in (default, mine, by_channel, given)
        ],
        "channel": [one.channel for one in (mine, given, service)],
        "active": [active["channel"], active["url"] == url, active["instance"] == instance],
        "verify": active["verify"],
        "instances": [one["crn"] == instance for one in mine.instances()],
        "deleted": first_deletion,
        "deleted_again": QiskitRuntimeService.delete_account(filename=filename, name="mine"),
        "left": len(QiskitRuntimeService.saved_accounts(filename=filename)),
        "is_file": json.loads(Path(filename).read_text()) != {},
        "usage": sorted(service.usage()),
    }


if __name__ == "__main__":
    print(json.dumps(main(QiskitRuntimeService())))
