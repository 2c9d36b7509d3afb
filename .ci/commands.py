"""Runs the commands of README and docs/ in their short form: a command that rots fails here.

A program of tests/ has the option --short; the service is started, called and stopped. The
commands that begin with "python3 -m venv" are .ci/run's; tests/docs/test_commands.py checks the
others, by their words.
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
    return serve(words) if is_service(words) else run([*words, "--short"])


def is_service(words: list[str]) -> bool:
    """Whether a command starts the service for its caller alone."""
    others = {"--token-file", "--host"} & {*words}
    return words[:2] == ["qiskit-rest", "serve"] and not others


def is_program(words: list[str]) -> bool:
    """Whether a command runs a program of tests/."""
    return words[:2] == ["python", "-m"] and words[2].startswith("tests.")


def timed(words: list[str]) -> bool:
    """Prints a command, its time and what it said; returns whether it ended well."""
    began = time.monotonic()
    code, printed = short_form(words)
    took = time.monotonic() - began
    print(f"-- {shlex.join(words)}: exit code {code}, {took:.0f} s\n{printed}", flush=True)
    return code == 0


def main() -> int:
    """Runs all, three at a time; 1 if one fails."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    printed = [words for page in pages for words in commands(page.read_text("utf-8"))]
    once = {tuple(words): words for words in printed}.values()
    rest = [words for words in once if is_service(words) or is_program(words)]
    with ThreadPoolExecutor(3) as pool:
        good = list(pool.map(timed, rest))
    for words, ended_well in zip(rest, good, strict=True):
        if not ended_well:
            print(f"FAILED: {shlex.join(words)}")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
