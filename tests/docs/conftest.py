"""The tables of options say what acts with the extra [mitigation], so they are compared with it."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("samplomatic") else ["test_options_page.py"]
