"""Samplex items are tested where the extra [executor] is installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("samplomatic") else ["read/test_samplexes.py"]
