"""The file of a recording: one JSON object a line, in a fixed order. In: records. Out: text.

::

    {"type":"recording","format":"qiskit-rest-primitives","version":1}
    {"type":"job","id":"c1","request":{...},"reply":{...},"details":{...},"result":{...}}
    {"type":"call","method":"GET","path":"/backends","replies":[{"json":{...}}]}

Jobs come first, in the order of their submission, then the other calls, sorted. ``request`` is the
body of POST /jobs without the tag by which the client finds its own submission; ``reply`` answers
it; ``details`` are the last ones that the service gave; ``result`` is the result as received. A
reply has its ``status`` (200 if left out) and its body: as ``json`` if it is JSON on one line, to
the byte, else as ``text``, else as ``base64``. A file whose name ends in ``.gz`` is compressed.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from qiskit_rest_primitives.errors import RestPrimitivesError

FORMAT: Final = "qiskit-rest-primitives"
VERSION: Final = 1
_GZIP: Final = b"\x1f\x8b"


class RecordingError(RestPrimitivesError):
    """A recording can't be read, or does not hold what a program requests.

    >>> replay(folder / "absent.jsonl").__enter__()
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.testing.recording_file.RecordingError: there is no recording ...
    """


class StoredReply(Struct, omit_defaults=True):
    """A reply; exactly one of the three forms of its body is set."""

    status: int = 200
    json: Raw | UnsetType = UNSET
    text: str | UnsetType = UNSET
    base64: str | UnsetType = UNSET

    @classmethod
    def of(cls, status: int, body: bytes) -> StoredReply:
        """Stores a reply so that `body` gives the same bytes again."""
        if is_json_line(body):
            return cls(status, json=Raw(body))
        try:
            return cls(status, text=body.decode())
        except UnicodeDecodeError:
            return cls(status, base64=base64.b64encode(body).decode())

    @property
    def body(self) -> bytes:
        """The body as received."""
        if self.json is not UNSET:
            return bytes(self.json)
        if self.text is not UNSET:
            return self.text.encode()
        return base64.b64decode(self.base64 or "")


class Header(Struct, tag="recording"):
    """The first line."""

    format: str = FORMAT
    version: int = VERSION


class StoredJob(Struct, tag="job", omit_defaults=True):
    """One job.

    Attributes:
        id: of the job; "" if the service refused it.
        request: body of POST /jobs; unset for a job that was only read.
        reply: to it.
        details: the last of GET /jobs/{id}.
        result: the last of GET /jobs/{id}/results.
    """

    id: str
    request: Raw | UnsetType = UNSET
    reply: StoredReply | UnsetType = UNSET
    details: Raw | UnsetType = UNSET
    result: StoredReply | UnsetType = UNSET


class StoredCall(Struct, tag="call", omit_defaults=True):
    """Any other call, with all that it was answered in turn."""

    method: str
    path: str
    body: str = ""
    replies: list[StoredReply] = msgspec.field(default_factory=list[StoredReply])


Record: TypeAlias = StoredJob | StoredCall
_LINE: Final = msgspec.json.Decoder(Header | StoredJob | StoredCall)


def encode_records(records: Iterable[Record]) -> bytes:
    """The text of a recording."""
    lines = [msgspec.json.encode(record) for record in (Header(), *records)]
    return b"".join(line + b"\n" for line in lines)


def write_recording(path: Path, text: bytes) -> None:
    """Writes a recording as a whole or not at all; only its owner can read it."""
    if path.suffix == ".gz":
        text = gzip.compress(text, mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
        os.replace(fresh, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise


def read_recording(path: Path) -> list[Record]:
    """Reads a recording.

    Raises:
        RecordingError: there is none, or it is of another format or version.
    """
    try:
        data = path.read_bytes()
        text = gzip.decompress(data) if data.startswith(_GZIP) else data
    except FileNotFoundError:
        raise RecordingError(
            f"there is no recording {path}: make it with `with record({str(path)!r}):`, or with "
            "pytest --record"
        ) from None
    except (OSError, EOFError) as error:
        raise RecordingError(f"the recording {path} can't be read: {error}") from None
    records: list[Record] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            record = _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RecordingError(f"{path}, line {number} is not of a recording: {error}") from None
        if isinstance(record, Header) != (number == 1):
            raise RecordingError(f"{path}, line {number}: not a recording of this package")
        if not isinstance(record, Header):
            records.append(record)
        elif (record.format, record.version) != (FORMAT, VERSION):
            raise RecordingError(
                f"{path} has version {record.version} of the format, this release reads "
                f"{VERSION}: record again"
            )
    if not text:
        raise RecordingError(f"the recording {path} is empty: record again")
    return records


def is_json_line(body: bytes) -> bool:
    """Whether a body can stand in a line of the file as it is."""
    if not body or body != body.strip() or b"\n" in body or b"\r" in body:
        return False
    try:
        msgspec.json.decode(body, type=Raw)
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
