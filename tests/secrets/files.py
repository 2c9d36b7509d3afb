"""Finds files that are new or changed since the last scan, and files that may hold a secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tests.secrets.scanner import Scanner
from tests.tokens import OWN_FILES

NOT_OURS = frozenset({".git", ".venv", ".venv-oldest", ".ruff_cache"})
STORE = "service.sqlite"
"""Beside this file lies what the embedded service keeps."""


class Files:
    """The files below some folders.

    Args:
        scanner: searches them.
        roots: folders that are walked through at each call.
        temporary: pytest's base of temporary folders; a folder in it is scanned until its test
            has ended.
    """

    def __init__(self, scanner: Scanner, roots: list[Path], temporary: Path):
        self._scanner = scanner
        self._roots = roots
        self._temporary = temporary
        self._seen: dict[str, tuple[int, int]] = {}
        self._done: set[str] = set()
        self.account_files: set[Path] = set()

    def skip(self, root: Path) -> None:
        """Marks the existing files as searched: the tests did not make them."""
        for path, signature in _walk(root):
            self._seen[path] = signature

    def scan(self, *, everything: bool = False) -> None:
        """Searches new and changed files."""
        roots = list(map(str, self._roots))
        if self._temporary.is_dir():
            for entry in os.scandir(self._temporary):
                # pytest links NAMEcurrent to the last folder of a name.
                if not entry.is_symlink() and (everything or entry.path not in self._done):
                    roots.append(entry.path)
        for root in roots:
            for path, signature in _walk(Path(root)):
                if self._seen.get(path) != signature:
                    self._seen[path] = signature
                    self.look(Path(path))

    def close(self, folder: Path) -> None:
        """A temporary folder whose test has ended; the last scan includes it again."""
        self._done.add(str(folder))

    def look(self, path: Path) -> None:
        """Searches a file, except one whose purpose is to hold a secret."""
        if path.resolve() in OWN_FILES | self.account_files or is_kept_key(path):
            self._scanner.figures["files"] += 1
            return
        self._scanner.file(path, "/".join(path.parts[-3:]))

    def note_account_file(self, path: Path) -> None:
        """A file of saved accounts, just written by the package: it must be private."""
        self.account_files.add(path)
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) != 0o600:
            self._scanner.text(f"mode of the account file {path.name}", path.read_text())

    def look_at_folder(self, folder: str) -> None:
        """Searches a folder that is about to be deleted."""
        for path, _ in _walk(Path(folder)):
            self.look(Path(path))


def is_kept_key(path: Path) -> bool:
    """Whether this is the signing key or the token that a service keeps beside its store.

    Both are made by `Store`, hold one secret and nothing else, and are private.
    """
    if path.name not in ("signing.key", "token") or not path.with_name(STORE).exists():
        return False
    return os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600


def _walk(root: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Regular files below a folder, or the file itself, with time of change and size."""
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in NOT_OURS]
        for name in files:
            path = os.path.join(folder, name)
            try:
                found = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield path, (found.st_mtime_ns, found.st_size)
