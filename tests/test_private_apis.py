"""Private parts of dependencies that the package uses: a release that lacks one fails here."""

from __future__ import annotations

import asyncio
import http.client
import inspect
import io
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import h11
import pytest
import requests
import urllib3
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import BackendV2
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

PROTOCOL_METHODS = {
    "connection_made": ["self", "transport"],
    "connection_lost": ["self", "exc"],
    "data_received": ["self", "data"],
    "on_response_complete": ["self"],
    "pause_writing": ["self"],
    "resume_writing": ["self"],
    "send_400_response": ["self", "msg"],
}


async def no_app(scope, receive, send) -> None:
    """An ASGI application that is never called."""
    raise AssertionError("called")


@pytest.mark.parametrize("name", PROTOCOL_METHODS)
def test_uvicorn_has_the_methods_that_we_override(name: str) -> None:
    """They have the same parameters; otherwise uvicorn would not call ours."""
    signature = inspect.signature(getattr(H11Protocol, name))
    assert list(signature.parameters) == PROTOCOL_METHODS[name]


def test_uvicorn_has_the_attributes_that_we_read() -> None:
    """The connection, its state in h11, and the request and reply at hand."""

    async def protocol() -> H11Protocol:
        config = Config(no_app, log_config=None)
        config.load()
        return H11Protocol(config, ServerState(), {})

    made = asyncio.run(protocol())
    for name in ("app", "connections", "conn", "cycle", "loop", "logger", "access_log"):
        assert hasattr(made, name), name
    assert made.cycle is None
    assert made.conn.their_state is h11.IDLE
    source = inspect.getsource(RequestResponseCycle)
    for name in ("self.disconnected = False", "self.response_complete = False"):
        assert name in source, name


def test_uvicorns_server_lists_its_connections() -> None:
    """The server also has the attribute that stops it."""
    server = Server(Config(no_app, log_config=None))
    assert server.server_state.connections == set()
    assert server.should_exit is False
    assert inspect.iscoroutinefunction(server.startup)
    assert inspect.iscoroutinefunction(server.shutdown)


def test_urllib3_accepts_our_connections_and_pools() -> None:
    """By the attributes that we set."""
    assert issubclass(HTTPConnection, http.client.HTTPConnection)
    assert HTTPConnection.response_class is http.client.HTTPResponse
    assert HTTPSConnection("localhost").is_verified is False
    assert HTTPConnectionPool.ConnectionCls is HTTPConnection
    assert HTTPSConnectionPool.ConnectionCls is HTTPSConnection
    classes = urllib3.PoolManager().pool_classes_by_scheme
    assert classes == {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}


def test_requests_has_the_methods_that_we_override() -> None:
    """The methods that make pools, and the one that parses redirects."""
    adapter = requests.adapters.HTTPAdapter()
    assert isinstance(adapter.poolmanager, urllib3.PoolManager)
    for name in ("init_poolmanager", "proxy_manager_for"):
        assert inspect.ismethod(getattr(adapter, name)), name
    assert inspect.isfunction(requests.Session.resolve_redirects)


def test_http_client_reads_from_fp() -> None:
    """We replace fp by a reader with a deadline."""

    class Socket:
        def makefile(self, *_, **__):
            return io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    reply = http.client.HTTPResponse(Socket())
    reply.fp = io.BufferedReader(io.BytesIO(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
    reply.begin()
    assert reply.status == 404


def test_executors_have_the_private_attributes_that_we_read() -> None:
    """The number of workers, and whether the pool is broken."""
    with ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2) as processes:
        assert threads._max_workers == 3
        assert processes._max_workers == 2
        assert processes._broken is False


def test_qiskit_appends_without_checks() -> None:
    """The fast reader of circuits calls this method."""
    circuit, copy = QuantumCircuit(1), QuantumCircuit(1)
    circuit.x(0)
    copy._append(circuit.data[0].replace(qubits=(copy.qubits[0],)))
    assert copy == circuit
    copy._data.reserve(10)
    assert copy == circuit


def test_qiskit_lists_the_steps_of_an_expression() -> None:
    """One step per operation."""
    a, b = Parameter("a"), Parameter("b")
    assert len((a + 2 * b)._qpy_replay) == 2


def test_qiskit_wraps_angles_by_a_registry() -> None:
    """We register `fold_rzz` there."""
    from qiskit.transpiler.passes.utils.wrap_angles import WRAP_ANGLE_REGISTRY

    assert callable(WRAP_ANGLE_REGISTRY.add_wrapper)


def test_qiskit_backends_cache_their_coupling_map() -> None:
    """In the attribute that we reset together with the target."""
    assert "_coupling_map" in inspect.getsource(BackendV2)
    assert BackendV2._default_options.__isabstractmethod__


def test_aers_noise_models_have_the_private_attributes_of_errors() -> None:
    """Twirling reads the errors there."""
    noise = pytest.importorskip("qiskit_aer.noise")
    passes = pytest.importorskip("qiskit_aer.noise.passes")
    model = noise.NoiseModel()
    model.add_quantum_error(noise.pauli_error([("X", 0.1), ("I", 0.9)]), ["sx"], [0])
    model.add_all_qubit_quantum_error(noise.pauli_error([("Z", 0.1), ("I", 0.9)]), ["x"])
    assert list(model._local_quantum_errors) == ["sx"]
    assert list(model._default_quantum_errors) == ["x"]
    model._custom_noise_passes.append(passes.RelaxationNoisePass([1.0], [1.0], dt=1.0))
    assert callable(model._custom_noise_passes[0]._func)


@pytest.mark.parametrize("kind", [BackendSamplerV2, BackendEstimatorV2])
def test_qiskits_primitives_for_backends_run_without_a_thread(kind) -> None:
    """`_run` takes coerced PUBs and gives the result: `run` starts a thread that an exit awaits."""
    assert list(inspect.signature(kind._run).parameters) == ["self", "pubs"]
