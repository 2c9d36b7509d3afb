"""These tests need the extra [mitigation], which needs Qiskit 2.3."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("samplomatic") else ["*test_*.py"]
