"""Makes an environment for each package, installs what its script needs, and runs the script."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PREFIX: Final = "requirements-"


def packages() -> list[str]:
    """The packages that have a script, by the names of their requirement files."""
    return sorted(path.stem.removeprefix(PREFIX) for path in HERE.glob(f"{PREFIX}*.txt"))


def run(package: str, folder: Path) -> bool:
    """Installs one package and runs its script.

    Args:
        package: its name.
        folder: where environments are; one that is there already is used again.

    Returns:
        Whether the script succeeded.
    """
    environment = folder / package
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
    requirements = HERE / f"{PREFIX}{package}.txt"
    install = [str(python), "-m", "pip", "install", "-qq", "-e", f"{ROOT}[local,aer]"]
    subprocess.run([*install, "-r", str(requirements)], check=True)
    script = f"tests.ecosystem.with_{package.replace('-', '_')}"
    variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as state:
        done = subprocess.run(
            [str(python), "-W", "ignore", "-m", script],
            cwd=ROOT,
            env={**variables, "QISKIT_REST_STATE": state},
            check=False,
        )
    return done.returncode == 0


def main() -> int:
    """Runs the scripts that are named, or all of them; 0 if all succeeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.ecosystem", description=__doc__)
    parser.add_argument("packages", nargs="*", metavar="package", help=", ".join(packages()))
    parser.add_argument("--environments", type=Path, help="a folder that keeps the environments")
    arguments = parser.parse_args()
    unknown = set(arguments.packages) - set(packages())
    if unknown:
        parser.error(f"no script for {', '.join(sorted(unknown))}; there are {packages()}")
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.environments or Path(scratch)).resolve()
        for package in arguments.packages or packages():
            print(f"== {package}", flush=True)
            if not run(package, folder):
                failed.append(package)
    print("failed:", ", ".join(failed) or "none")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
