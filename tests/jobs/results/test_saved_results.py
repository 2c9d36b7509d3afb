"""Results in files: exact, readable without service or account, and never executed."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    EncodeError,
    EstimatorV2,
    ProtocolError,
    RestBackend,
    SamplerV2,
    load_result,
    save_result,
)


def test_a_sampler_result_is_saved_exactly(backend: RestBackend, tmp_path: Path) -> None:
    """Arrays, widths, shapes and metadata of a job's result are equal."""
    circuit = QuantumCircuit(9, metadata={"angles": (1, 2.5), "é": None})
    circuit.h(range(9))
    circuit.measure_all()
    result = SamplerV2(backend).run([(circuit, None, 300)]).result()
    save_result(result, tmp_path / "kept.zip")
    again = load_result(tmp_path / "kept.zip")
    np.testing.assert_array_equal(again[0].data.meas.array, result[0].data.meas.array)
    assert again[0].data.meas.num_bits == 9
    assert again[0].metadata == result[0].metadata
    assert again.metadata == result.metadata
    assert pickle.loads(pickle.dumps(result))[0].data.meas == result[0].data.meas


def test_an_estimator_result_is_saved_exactly(backend: RestBackend, tmp_path: Path) -> None:
    """Values and errors, with their shape."""
    circuit = QuantumCircuit(1)
    result = EstimatorV2(backend).run([(circuit, [["Z"], ["X"]])], precision=0.1).result()
    save_result(result, str(tmp_path / "kept"))
    again = load_result(str(tmp_path / "kept"))
    np.testing.assert_array_equal(again[0].data.evs, result[0].data.evs)
    assert again[0].data.shape == (2, 1)


def test_the_file_is_read_without_this_package(backend: RestBackend, tmp_path: Path) -> None:
    """A zip of JSON and npy files that says what they are; NumPy alone reads the bits."""
    circuit = QuantumCircuit(3)
    circuit.x(1)
    circuit.measure_all()
    result = SamplerV2(backend).run([circuit], shots=4).result()
    path = tmp_path / "kept.zip"
    save_result(result, path)
    assert "BitArray" in zipfile.ZipFile(path).read("README.txt").decode()
    read = (
        "import sys, json, zipfile, io, numpy\n"
        "z = zipfile.ZipFile(sys.argv[1]); d = json.loads(z.read('result.json'))\n"
        "name, v = d['pubs'][0]['fields'][0]; v = v['__value__']\n"
        "a = numpy.load(io.BytesIO(z.read(v['array']['__value__'])), allow_pickle=False)\n"
        "print(name, v['num_bits'], a.tolist())"
    )
    line = [sys.executable, "-c", read, str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=2) == ["meas", "3", "[[2], [2], [2], [2]]\n"]


def test_saving_replaces_a_file_atomically(backend: RestBackend, tmp_path: Path) -> None:
    """A failure leaves the old file as it was, and no other file."""
    path = tmp_path / "kept.zip"
    path.write_bytes(b"old")
    circuit = QuantumCircuit(1, metadata={"thing": object()})
    circuit.measure_all()
    result = SamplerV2(backend).run([circuit], shots=1).result()
    with pytest.raises(EncodeError, match="thing"):
        save_result(result, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.glob("*kept*")) == [path]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """Any damage is a ProtocolError."""
    path = tmp_path / "kept.zip"
    path.write_bytes(b"PK\x03\x04 but not for long")
    with pytest.raises(ProtocolError):
        load_result(path)
