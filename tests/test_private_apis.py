"""Private parts of dependencies that the package uses: a release that lacks one fails here."""

from __future__ import annotations

import asyncio
import ctypes
import http.client
import inspect
import io
import json
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import h11
import pytest
import requests
import urllib3
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Parameter
from qiskit.circuit.annotation import QPYSerializer
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import BackendV2
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from qiskit_rest_primitives.wire.executor.program import QPY_HEADER

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


def test_distributed_lists_workers_and_tasks() -> None:
    """The threads of a cluster, in the client; the tasks of a worker, by key, with their state."""
    distributed = pytest.importorskip("distributed")
    machine = pytest.importorskip("distributed.worker_state_machine")
    assert "self._scheduler_identity = " in inspect.getsource(distributed.Client)
    listed = inspect.getsource(distributed.Scheduler.identity)
    assert '"total_threads"' in listed or '"workers"' in listed
    state = machine.WorkerState(nthreads=3)
    assert (state.nthreads, dict(state.tasks)) == (3, {})
    assert machine.TaskState("key").state == "released"
    assert inspect.isfunction(distributed.Worker.get_current_task)


def test_ipython_shows_tracebacks_and_cards_of_our_objects() -> None:
    """By a method of the error; cells have names, and formatters say what is registered."""
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    compiler = pytest.importorskip("IPython.core.compilerop").CachingCompiler()
    formatter = pytest.importorskip("IPython.core.formatters").HTMLFormatter()
    assert "._render_traceback_()" in inspect.getsource(shell.showtraceback)
    assert " ".join(compiler.format_code_name(compiler.cache("1", 3))) == "Cell In[3]"
    assert compiler.format_code_name("module.py") is None
    formatter.for_type_by_name("qiskit", "Card", repr)
    assert list(formatter.deferred_printers) == [("qiskit", "Card")]
    formatter.for_type(Parameter, repr)
    assert Parameter in formatter.type_printers


def test_tqdms_bars_can_begin_earlier_and_be_disabled() -> None:
    """By the attributes that we set; a class has its lock and its monitor's interval."""
    tqdm = pytest.importorskip("tqdm").tqdm
    assert tqdm.monitor_interval > 0

    class Bar(tqdm):
        monitor_interval = 0

    Bar.set_lock(threading.RLock())
    text = io.StringIO()
    bar = Bar(total=3, file=text, bar_format="{desc} {elapsed}", delay=1e-9)
    assert text.getvalue() == ""
    bar.start_t -= 100
    bar.set_description_str("waiting", refresh=False)
    bar.refresh()
    assert "waiting 01:40" in text.getvalue()
    drawn = text.getvalue()
    bar.disable = True
    bar.close()
    assert text.getvalue() == drawn


def test_samplomatic_names_inputs_and_outputs() -> None:
    """Of a samplex: bases to measure in, angles, flips of measurements; boxes are annotated."""
    samplomatic = pytest.importorskip("samplomatic")
    transpiler = pytest.importorskip("samplomatic.transpiler")
    annotations = pytest.importorskip("samplomatic.utils")
    circuit = QuantumCircuit(2, 2)
    circuit.rz(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    manager = transpiler.generate_boxing_pass_manager(
        enable_gates=True,
        enable_measures=True,
        measure_annotations="all",
        twirling_strategy="active_accum",
        inject_noise_targets="gates",
    )
    boxes = manager.run(circuit)
    first, *_, last = (item.operation for item in boxes.data if item.name == "box")
    ref = annotations.get_annotation(last, samplomatic.ChangeBasis).ref
    assert annotations.get_annotation(first, samplomatic.Twirl).dressing == "left"
    noise = annotations.get_annotation(first, samplomatic.InjectNoise).ref
    template, samplex = samplomatic.build(boxes)
    names = {spec.name for spec in samplex.inputs().specs}
    assert {f"basis_changes.{ref}", "parameter_values"} <= names
    assert any(name.endswith(noise) for name in names)
    assert {spec.name for spec in samplex.outputs().specs} >= {
        "measurement_flips.c",
        "parameter_values",
    }
    assert [parameter.name for parameter in samplex.parameters] == ["a"]
    assert template.num_parameters > 0


def test_samplexes_are_written_and_read_with_the_version_of_their_form() -> None:
    """The program executor names it beside the text."""
    serialization = pytest.importorskip("samplomatic.serialization")
    ssv = pytest.importorskip("samplomatic.ssv")
    _, samplex = pytest.importorskip("samplomatic").build(QuantumCircuit(1))
    text = serialization.samplex_to_json(samplex, None, ssv.SSV)
    assert json.loads(text)["attrs"]["ssv"] == str(ssv.SSV)
    assert serialization.samplex_from_json(text).finalize().parameters == samplex.parameters


def test_qpy_files_begin_with_their_version_and_number() -> None:
    """And annotations are written and read by the class that is passed for their namespace."""
    file = io.BytesIO()
    qpy.dump([QuantumCircuit(1), QuantumCircuit(2)], file)
    header = QPY_HEADER.unpack_from(file.getvalue())
    assert (header[0], header[1], header[5]) == (b"QISKIT", qpy.QPY_VERSION, 2)
    assert QPYSerializer.__abstractmethods__ == {"dump_annotation", "load_annotation"}
    for function in (qpy.dump, qpy.load):
        assert "annotation_factories" in inspect.signature(function).parameters


class Interruption(Exception):  # noqa: N818 - not an error
    """Raised in a thread from outside."""


def test_python_raises_in_a_thread_on_request() -> None:
    """At the thread's next line of Python."""

    def interrupt() -> None:
        identity, error = ctypes.c_ulong(threading.get_ident()), ctypes.py_object(Interruption)
        assert ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, error) == 1
        for _ in range(1000):
            pass
        raise AssertionError("not interrupted")

    with pytest.raises(Interruption):
        interrupt()
