"""Points the official client, unmodified, to a service of ours, and runs programs that use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def findings(script: Path, local: LocalService, user: User, home: Path) -> dict[str, Any]:
    """Runs a program that uses the official client; returns the JSON that it prints.

    Args:
        script: the program.
        local: the service.
        user: of the service.
        home: where the client looks for saved accounts.
    """
    done = subprocess.run(
        [sys.executable, str(script)],
        env=official_environment(local, user, home),
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
