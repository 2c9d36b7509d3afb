"""The one place from which tests take secrets, and the check that none of them comes to light.

``python -m tests.secrets`` runs the whole suite with `plugin`. Each secret of a test, of the
embedded service and of their child processes holds the marker, so that finding one means to search
for one text:

``marking``     the marker, and what makes it part of secrets that are drawn by chance
``scanner``     searches texts, bytes and files; keeps what it found and the figures
``exceptions``  all that a debugger or an error tracker would show of an exception
``files``       which files are new or changed, and the few that may hold a secret
``watching``    taps on logging, warnings, subprocesses, exceptions and captured output
``plugin``      the hooks of pytest
``child``       goes into ``PYTHONPATH`` and puts the taps into child processes
"""
