"""Prints the lower bounds of pyproject.toml as constraints for pip: ``python3 .ci/lowest.py``.

Needs no package, and no newer Python than the oldest supported one, which has no tomllib.
"""

import re
from pathlib import Path

text = Path(__file__).parents[1].joinpath("pyproject.toml").read_text(encoding="utf-8")
project = text[text.index("\ndependencies = [") : text.index("\nconformance = [")]
for name, version in re.findall(r'"([\w-]+)(?:\[\w+\])?>=([\w.]+)', project):
    print(f"{name}=={version}")
