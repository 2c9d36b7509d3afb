"""The official client finds its instance from URL and token, set up as `serve` prints it.

Needs the extra [conformance]; tests/local/conftest.py leaves this file out where it is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qiskit_rest_primitives.local import LocalService, serve
from tests.local.conftest import ALICE
from tests.tokens import own_file

pytestmark = pytest.mark.slow

PROGRAM = """
import json
from qiskit_ibm_runtime import QiskitRuntimeService
service = QiskitRuntimeService()
device = service.backend("fake_5q")
print(json.dumps({
    "instances": service.instances(),
    "active": service.active_instance(),
    "physical_qubits": device.physical_qubits,
    "dynamic": [each.name for each in service.backends(dynamic_circuits=True, simulator=False)],
    "usage": service.usage(),
    "named": QiskitRuntimeService(instance="alice").active_instance(),
}))
"""


def found(local: LocalService, folder: Path) -> dict[str, Any]:
    """What the official client finds with the printed environment."""
    token = own_file(folder / "token")
    token.write_text(ALICE.token)
    # As printed, for the user of the token's file.
    lines = serve.how_to_call(local, token).splitlines()
    exports = [line.strip() for line in lines if line.strip().startswith("export ")]
    assert len(exports) == 3
    assert any(line.startswith("0.48 and earlier can't") for line in lines)
    environment = {name: value for name, value in os.environ.items() if "QISKIT" not in name}
    environment |= {"HOME": str(folder), "PROGRAM": PROGRAM}
    command = f'"{sys.executable}" -c "$PROGRAM"'
    done = subprocess.run(
        ["sh", "-c", "\n".join([*exports, command])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def test_finds_its_instance(local: LocalService, tmp_path: Path) -> None:
    """With a token alone, and with an instance's name; plan and price are those of the catalogue.

    The device's physical qubits, the filter by dynamic circuits and whole seconds work too.
    """
    seen = found(local, tmp_path)
    [instance] = seen["instances"]
    assert instance["crn"] == seen["active"] == seen["named"] == ALICE.instances[0]
    assert (instance["name"], instance["plan"]) == ("alice", "local")
    assert instance["pricing_type"] == "free"
    assert seen["physical_qubits"] == 5
    assert "fake_27q" in seen["dynamic"]
    assert isinstance(seen["usage"]["usage_consumed_seconds"], int)
