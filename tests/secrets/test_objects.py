"""Objects that a user can pickle, copy or inspect contain no secret, and copies work."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dill
import pytest
from qiskit import QuantumCircuit

from qiskit_rest_primitives import (
    Batch,
    EstimatorV2,
    QiskitRuntimeService,
    SamplerV2,
    Session,
    Settings,
)
from qiskit_rest_primitives.local import LocalService, User
from tests.secrets.scanner import Scanner
from tests.tokens import secret

EVE = User("eve", secret("eve"))
KINDS = (
    "service",
    "backend",
    "job",
    "session",
    "batch",
    "sampler",
    "estimator",
    "options",
    "estimator_options",
)

# The unpickled objects are used: each line sends a request.
PROGRAM = """
import pickle, sys
things = pickle.load(sys.stdin.buffer)
print(sorted(backend.name for backend in things["service"].backends())[-1])
print(things["backend"].status().operational)
print(things["job"].result()[0].data.meas.num_shots)
print(things["session"].status() != "Closed" and "open")
print(things["sampler"].options.default_shots, things["options"].default_shots)
circuit = things["circuit"]
print(things["sampler"].run([circuit], shots=3).result()[0].data.meas.num_shots)
print(things["estimator"].run([(circuit.remove_final_measurements(inplace=False), "Z")])
      .result()[0].data.evs)
"""


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """All objects that a user has, with an API key, proxies and fetched tokens."""
    with LocalService(users=[EVE]) as local:
        monkeypatch.setenv("IAM_URL", local.base_url)
        monkeypatch.setenv("NO_PROXY", "*")
        service = QiskitRuntimeService(
            url=local.url,
            token=EVE.token,
            instance=local.instance,
            settings=Settings(state_folder=tmp_path / "state"),
            proxies={"ftp": f"http://me:{secret('proxy')}@proxy.example:1"},
        )
        backend = service.backend("statevector")
        circuit = QuantumCircuit(1)
        circuit.measure_all()
        sampler = SamplerV2(backend, options={"default_shots": 7})
        job = sampler.run([circuit])
        job.result()
        estimator = EstimatorV2(backend)
        with Session(backend) as session, Batch(backend) as batch:
            yield {
                "service": service,
                "backend": backend,
                "job": job,
                "session": session,
                "batch": batch,
                "sampler": sampler,
                "estimator": estimator,
                "options": sampler.options,
                "estimator_options": estimator.options,
                "circuit": circuit,
                "local": local,
            }


@pytest.fixture
def secrets_of(things: dict[str, Any]) -> tuple[Scanner, str]:
    """The searched texts: the marker, and the bearer token in use."""
    from tests.secrets.marking import MARKER

    return Scanner(MARKER), things["service"].client._transport.auth.tokens.current()


def test_pickles_and_copies_hold_no_secret(
    things: dict[str, Any], secrets_of: tuple[Scanner, str]
) -> None:
    """With pickle, dill and deepcopy."""
    scanner, bearer = secrets_of
    for kind in KINDS:
        thing = things[kind]
        for dump in (pickle.dumps, dill.dumps):
            for data in (dump(thing), dump(copy.deepcopy(thing)), dump(copy.copy(thing))):
                assert not scanner.holds(data), kind
                assert bearer.encode() not in data, kind


@pytest.mark.slow
def test_they_work_in_another_process(things: dict[str, Any], tmp_path: Path) -> None:
    """That process has environment variables, but no arguments and no saved account."""
    local = things["local"]
    sent = pickle.dumps({kind: things[kind] for kind in (*KINDS, "circuit")})
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QISKIT")} | {
        "HOME": str(tmp_path / "elsewhere"),
        "IAM_URL": local.base_url,
        "QISKIT_IBM_TOKEN": EVE.token,
        "QISKIT_IBM_URL": local.url,
        "QISKIT_IBM_INSTANCE": local.instance,
        "QISKIT_REST_STATE": str(tmp_path / "elsewhere"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=sent,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().split()
    assert lines[:-1] == ["statevector", "True", "7", "open", "7", "7", "3"]
    assert float(lines[-1]) == pytest.approx(1, abs=0.1)


def public_texts(thing: object, path: str, seen: set[int], depth: int = 8) -> Iterator[Any]:
    """Texts that public attributes, ``__slots__`` and containers lead to."""
    if depth == 0 or id(thing) in seen or isinstance(thing, type) or callable(thing):
        return
    seen.add(id(thing))
    if isinstance(thing, str | bytes):
        yield path, thing
    elif isinstance(thing, dict):
        for key, value in list(thing.items()):
            yield from public_texts(key, f"{path} key", seen, depth - 1)
            yield from public_texts(value, f"{path}[{key!r}]", seen, depth - 1)
    elif isinstance(thing, list | tuple | set | frozenset):
        for value in thing:
            yield from public_texts(value, f"{path}[]", seen, depth - 1)
    else:
        slots = [getattr(kind, "__slots__", ()) for kind in type(thing).__mro__]
        names = {name for slot in slots for name in ([slot] if isinstance(slot, str) else slot)}
        names |= set(getattr(thing, "__dict__", ()))
        properties = {
            name
            for kind in type(thing).__mro__
            for name, value in vars(kind).items()
            if isinstance(value, property) and kind.__module__.startswith("qiskit_rest_primitives")
        }
        for name in sorted(names | properties):
            if not name.startswith("_"):
                value = getattr(thing, name, None)
                yield from public_texts(value, f"{path}.{name}", seen, depth - 1)


def test_no_public_attribute_leads_to_a_secret(
    things: dict[str, Any], secrets_of: tuple[Scanner, str]
) -> None:
    """For all objects that a user has; only ``reveal`` of a `Secret` returns one."""
    scanner, bearer = secrets_of
    found = 0
    asked = {kind: things[kind] for kind in KINDS}
    asked |= {"active account": things["service"].active_account()}
    for kind, thing in asked.items():
        for path, text in public_texts(thing, kind, set()):
            found += 1
            data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
            assert not scanner.holds(data), path
            assert bearer.encode() not in data, path
    assert found > 100
    assert things["service"].active_account()["token"].reveal() == EVE.token


def test_accounts_show_no_proxy_password(things: dict[str, Any], tmp_path: Path) -> None:
    """Neither the account in use nor a saved one; ``reveal`` returns it, and the file has it."""
    scanner = Scanner(secret("proxy")[:16])
    service = things["service"]
    active = service.active_account()
    assert active["proxies"]["urls"]["ftp"].endswith("@proxy.example:1")
    assert not scanner.holds(repr(active).encode())
    file = str(tmp_path / "accounts.json")
    proxies = {"urls": {"https": f"http://me:{secret('proxy')}@proxy.example:1"}}
    service.save_account(token=EVE.token, url="http://a.example/v1", filename=file, proxies=proxies)
    (saved,) = service.saved_accounts(filename=file).values()
    assert not scanner.holds(repr(saved).encode())
    assert saved["proxies"].reveal() == proxies
    (written,) = json.loads(Path(file).read_text()).values()
    assert written["proxies"] == proxies


def test_a_constructor_that_fails_can_be_shown() -> None:
    """Debuggers and error trackers call repr on an object without attributes."""
    failures = (
        lambda: QiskitRuntimeService(url="http://service.example/v1", token=""),
        lambda: QiskitRuntimeService(channel="nowhere", token=secret("ready")),
        lambda: Session("no backend"),
        lambda: SamplerV2("no backend"),
        lambda: EstimatorV2("no backend"),
        lambda: Settings(lookup_seconds=-1),
    )
    for fail in failures:
        with pytest.raises(Exception) as problem:  # noqa: PT011 - each class has its own
            fail()
        shown = traceback.TracebackException.from_exception(problem.value, capture_locals=True)
        assert "Error" in "".join(shown.format())
