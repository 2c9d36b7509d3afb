"""A job's result in the folder of its experiment: written when received, read without network."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.circuits.description import carried_metadata
from qiskit_rest_primitives.errors import ProtocolError, RestPrimitivesError
from qiskit_rest_primitives.jobs.files.durable_files import make_folder, write_whole
from qiskit_rest_primitives.jobs.results.submitted_pubs import SubmittedPub
from qiskit_rest_primitives.wire.result.result_file import decode_saved, encode_saved

logger = logging.getLogger(__name__)


def kept_file(folder: Path, job_id: str) -> Path:
    """The file with a job's result."""
    return folder / f"{quote(job_id, safe='')}.zip"


class KeptResult:
    """The file with one job's result, in the format of `save_result`.

    Args:
        path: the file.
        pubs: what was submitted; a result that is read has the metadata of these circuits.
    """

    def __init__(self, path: Path, pubs: Sequence[SubmittedPub]):
        self._path = path
        self._pubs = pubs

    def size(self) -> int:
        """Bytes of the file; 0 if there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def load(self) -> PrimitiveResult[Any] | None:
        """Reads the result; None if there is no file, or a damaged one, which is logged."""
        try:
            result = decode_saved(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (ProtocolError, OSError) as error:
            logger.warning("the result in %s is downloaded again: %s", self._path, error)
            return None
        if len(result) == len(self._pubs):
            for pub, submitted in zip(iter(result), self._pubs, strict=True):
                if submitted.circuit_metadata:
                    pub.metadata["circuit_metadata"] = dict(submitted.circuit_metadata)
        return result

    def save(self, result: object) -> None:
        """Writes the result; a failure is logged, as the caller has the result all the same.

        Those of quantum programs are not written: the service has them.
        """
        if not isinstance(result, PrimitiveResult):
            return
        try:
            make_folder(self._path.parent)
            write_whole(self._path, encode_saved(_without_objects(result)))
        except (RestPrimitivesError, OSError) as error:
            logger.warning("the result was not kept in %s: %s", self._path, error)


def _without_objects(result: PrimitiveResult[Any]) -> PrimitiveResult[Any]:
    """The result without entries of the circuits' metadata that no file can hold."""
    pubs: list[Any] = []
    for pub in iter(result):
        metadata = dict(pub.metadata)
        if "circuit_metadata" in metadata:
            metadata["circuit_metadata"] = carried_metadata(metadata["circuit_metadata"])
        pubs.append(type(pub)(pub.data, metadata=metadata))
    return PrimitiveResult(pubs, metadata=result.metadata)
