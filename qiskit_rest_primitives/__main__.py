"""`python -m qiskit_rest_primitives` is the command `qiskit-rest`."""

from __future__ import annotations

import sys

from qiskit_rest_primitives.cli import main

if __name__ == "__main__":
    sys.exit(main())
