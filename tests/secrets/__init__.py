"""The check that no secret of the tests appears anywhere: ``tests.tokens`` makes the secrets.

``python -m tests.secrets`` runs the whole suite with `plugin`. Each secret of a test, of the
embedded service and of their child processes contains the marker, so searching for this
one text finds them all:

``marking``     the marker, and its insertion into randomly generated secrets
``scanner``     searches texts, bytes and files; keeps the leaks and the figures
``exceptions``  everything a debugger or an error tracker would show of an exception
``files``       which files are new or changed, and the few that may hold a secret
``watching``    taps on logging, warnings, subprocesses, exceptions and captured output
``plugin``      the hooks of pytest
``child``       a folder for ``PYTHONPATH`` that installs the taps in child processes
"""
