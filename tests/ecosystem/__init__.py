"""One typical use each of packages that take a backend or a primitive, on ours and on Qiskit's own.

``python -m tests.ecosystem`` makes an environment for each package, installs the versions of its
``requirements-*.txt`` there and runs its script; ``python -m tests.ecosystem mitiq`` does so for
one. They are not part of the suite: their packages do not fit into one environment.
"""
