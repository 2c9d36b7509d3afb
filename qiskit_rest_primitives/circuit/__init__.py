"""``qiskit_ibm_runtime.circuit``, if that package is installed: IBM's instructions."""

from qiskit_rest_primitives.installed import require_official

require_official(__name__)

# pyright: reportWildcardImportFromLibrary=false
from qiskit_ibm_runtime.circuit import *  # noqa: E402, F403 - after the check
