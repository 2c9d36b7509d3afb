"""Environment variables that point the official client, unmodified, to a service of ours."""

from __future__ import annotations

import os
from pathlib import Path

from qiskit_rest_primitives.local import LocalService, User


def official_environment(local: LocalService, user: User, home: Path) -> dict[str, str]:
    """The environment of a program that uses the official client.

    Args:
        local: the service.
        user: of the service.
        home: where the client looks for saved accounts.
    """
    kept = {name: value for name, value in os.environ.items() if "QISKIT" not in name}
    return kept | {
        "HOME": str(home),
        "IAM_URL": local.base_url,
        "QISKIT_IBM_URL": f"{local.base_url}/experimental",
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_TOKEN": user.token,
        "QISKIT_IBM_INSTANCE": user.instances[0],
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    }
