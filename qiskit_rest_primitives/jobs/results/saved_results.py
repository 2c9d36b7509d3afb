"""Results in files, read without a service or an account; format: `wire.result.result_file`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qiskit.primitives import PrimitiveResult

from qiskit_rest_primitives.errors import EncodeError
from qiskit_rest_primitives.wire.result.result_file import decode_saved, encode_saved


def save_result(result: PrimitiveResult[Any], path: str | os.PathLike[str]) -> None:
    """Writes a result to a file, exact to the bit; an existing file is replaced in one step.

    Args:
        result: of a sampler or an estimator.
        path: any name; the file is a zip archive of JSON and NumPy arrays that describes itself.

    Raises:
        EncodeError: the metadata hold an object that can't be kept.
        OSError: the file can't be written.

    >>> result = EstimatorV2(backend).run([(bell_state, "ZZ")], precision=0).result()
    >>> save_result(result, folder / "bell.zip")
    >>> float(load_result(folder / "bell.zip")[0].data.evs.round(9))
    1.0
    """
    if not isinstance(result, PrimitiveResult):  # pyright: ignore[reportUnnecessaryIsInstance] - executors' jobs give others
        raise EncodeError(
            f"save_result keeps results of samplers and estimators, not {type(result).__name__}: "
            "numpy.savez keeps the arrays of a quantum program's item"
        )
    target = Path(path)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.write_bytes(encode_saved(result))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def load_result(path: str | os.PathLike[str]) -> PrimitiveResult[Any]:
    """Reads a result back; no code in the file is ever run.

    Args:
        path: of a file that `save_result` wrote.

    Raises:
        ProtocolError: the file is damaged, or is something else.
        OSError: it can't be read.

    >>> save_result(SamplerV2(backend).run([bell], shots=9).result(), folder / "counts.zip")
    >>> load_result(folder / "counts.zip")[0].data.meas.num_shots
    9
    """
    return decode_saved(Path(path).read_bytes())
