"""Every example runs and prints the documented results."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name: str, timeout: float = 120) -> str:
    """The standard output of an example that must succeed without a warning."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_bell_prints_only_equal_bits_and_full_correlation() -> None:
    """bell.py: only 00 and 11 are counted, ZZ and XX are 1 within the precision."""
    out = run_example("bell.py")
    counts = {key: int(n) for key, n in re.findall(r"'([01]+)': (\d+)", out)}
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1000
    values = [float(v) for v in re.findall(r"= (-?[\d.]+)", out)]
    assert values == pytest.approx([1, 1], abs=0.06)


@pytest.mark.slow
def test_vqe_reaches_the_ground_state_of_h2() -> None:
    """vqe_h2.py: -1.857 within 0.01 hartree, in less than a minute."""
    out = run_example("vqe_h2.py", timeout=60)
    energy = re.search(r"energy: (-?[\d.]+)", out)
    assert energy is not None
    assert float(energy[1]) == pytest.approx(-1.857, abs=0.01)


def test_the_documented_flows_work_with_plain_requests() -> None:
    """rest_with_requests.py: the sampler gives hex strings, the estimator numbers."""
    out = run_example("rest_with_requests.py")
    assert "sampler, PUB 1: 500 samples, the first: ['0x3', '0x3', '0x3']" in out
    # |00> + |11>: <II> = 1 and <XZ> = 0.
    assert float(re.search(r"estimator: ([-\d.]+)", out)[1]) == pytest.approx(1, abs=0.3)
    ones = [int(n) for n in re.findall(r"PUB \d: (\d+) ones", out)]
    # rx(theta) alone decides: sin(theta/2)^2 of 500.
    assert ones == pytest.approx([250, 115], abs=60)
