"""Runs every command in README's bash blocks in its short form: a command that rots fails here.

A program of tests/ has the option --short; the service is started, called and stopped. The
commands that begin with "python3 -m venv" are .ci/run's. Another one needs a short form first.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 400
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def commands(text: str) -> list[list[str]]:
    """Returns the words of each command in the bash blocks of a Markdown text."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def start(words: list[str]) -> subprocess.Popen[str]:
    """Starts a command in the environment of this interpreter; it is killed if it takes long."""
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    limit = threading.Timer(LONGEST_SECONDS, process.kill)
    limit.daemon = True
    limit.start()
    return process


def run(words: list[str]) -> tuple[int, str]:
    """Runs a program to its end; returns its exit code and what it printed."""
    process = start(words)
    printed, _ = process.communicate()
    return process.returncode, printed


def serve(words: list[str]) -> tuple[int, str]:
    """Starts the service on a free port, calls the address that it prints, presses Ctrl-C."""
    process = start([*words, "--port", "0"])
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if address := re.search(r"http://127\.0\.0\.1:\d+\S*", line):
            try:
                urllib.request.urlopen(address[0], timeout=30)
            except urllib.error.HTTPError as reply:
                printed += f"GET {address[0]}: {reply.code}\n"
            process.send_signal(signal.SIGINT)
            break
    return process.wait(), printed + process.stdout.read()


def short_form(words: list[str]) -> tuple[int, str]:
    """Runs the short form of a command; returns its exit code and what it printed."""
    if words[:2] == ["python", "-m"] and words[2].startswith("tests."):
        return run([*words, "--short"])
    if words[:2] == ["qiskit-rest", "serve"]:
        return serve(words)
    return 1, "This command has no short form: give it one, and name it in .ci/commands.py.\n"


def timed(words: list[str]) -> bool:
    """Prints a command, its time and what it said; returns whether it ended well."""
    began = time.monotonic()
    code, printed = short_form(words)
    took = time.monotonic() - began
    print(f"-- {shlex.join(words)}: exit code {code}, {took:.0f} s\n{printed}", flush=True)
    return code == 0


def main() -> int:
    """Runs all, two at a time; 1 if one fails."""
    printed = commands((ROOT / "README.md").read_text())
    rest = [words for words in printed if words[:3] != ["python3", "-m", "venv"]]
    with ThreadPoolExecutor(2) as pool:
        good = list(pool.map(timed, rest))
    for words, ended_well in zip(rest, good, strict=True):
        if not ended_well:
            print(f"FAILED: {shlex.join(words)}")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
