"""``qiskit_ibm_runtime.utils``, if that package is installed: checks of circuits, and times."""

from qiskit_rest_primitives.installed import require_official

require_official(__name__)

# With a path, Python asks `absent_names` for what is not here.
__path__: list[str] = []

# pyright: reportWildcardImportFromLibrary=false
from qiskit_ibm_runtime.utils import *  # noqa: E402, F403 - after the check
