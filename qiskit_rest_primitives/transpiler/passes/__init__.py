"""``qiskit_ibm_runtime.transpiler.passes``, if that package is installed: passes."""

from qiskit_rest_primitives.installed import require_official

require_official(__name__)

# pyright: reportWildcardImportFromLibrary=false
from qiskit_ibm_runtime.transpiler.passes import *  # noqa: E402, F403 - after the check
