"""Options: every documented one can be set by every route, is sent, and is refused when wrong."""

import json
import pydoc
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from msgspec import UNSET, structs

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options import (
    EstimatorOptions,
    ExecutionOptionsV2,
    SamplerExecutionOptionsV2,
    SamplerOptions,
    TwirlingOptions,
    ZneOptions,
)
from qiskit_rest_primitives.options.executor_options import ExecutionOptions
from qiskit_rest_primitives.options.request import OptionsOnWire, coerce_options, encode_options
from qiskit_rest_primitives.wire.executor.program import Options as ExecutorOptionsJson
from qiskit_rest_primitives.wire.limits import DEFAULT_PRECISION, DEFAULT_SHOTS
from qiskit_rest_primitives.wire.request.job_request import (
    decode_job_request,
    decode_params,
    encode_job_request,
)
from qiskit_rest_primitives.wire.request.option_docs import meanings
from qiskit_rest_primitives.wire.request.option_group import (
    default_of,
    groups_of,
    options_of,
    paths,
)

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "wire" / "job_request.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
CLASSES: dict[str, Any] = {"sampler": SamplerOptions, "estimator": EstimatorOptions}
PUBS = {"sampler": [["q", None, 5]], "estimator": [["q", "Z", None, 0.1]]}
MOST = 2**31 - 1

BOOLS = ([True, False, np.True_], [1, 0, "yes", None, np.int64(1)])
COUNTS = ([1, MOST, np.int32(7)], [0, -1, MOST + 1, 1.0, "many", True, None])
AUTO_COUNTS = (["auto", *COUNTS[0]], COUNTS[1])
SHOTS = ([4096, 0, MOST], [-1, MOST + 1, 1.5, np.float64(2), "1", False])
SEEDS = ([0, MOST, None, np.uint8(3)], [-1, MOST + 1, 0.5, "x", True])
FIT_NAMES = ["linear", "exponential", "double_exponential", "fallback"]
FIT_NAMES += [f"polynomial_degree_{degree}" for degree in range(1, 8)]
NOT_NUMBERS = ["1", True, float("nan"), float("inf"), 1j, [1.0], np.array([1.0]), 10**400]
EXECUTION = {
    "execution.init_qubits": BOOLS,
    "execution.rep_delay": ([0, 2.5e-4, np.float32(0.5)], [-1e-9, None, *NOT_NUMBERS]),
}
SHARED = {
    "dynamical_decoupling.enable": BOOLS,
    "dynamical_decoupling.sequence_type": (["XX", "XpXm", "XY4"], ["xx", "XY8", None, 1]),
    "dynamical_decoupling.extra_slack_distribution": (["middle", "edges"], ["end", 0]),
    "dynamical_decoupling.scheduling_method": (["alap", "asap"], ["ALAP", None]),
    "dynamical_decoupling.skip_reset_qubits": BOOLS,
    "twirling.enable_gates": BOOLS,
    "twirling.enable_measure": BOOLS,
    "twirling.num_randomizations": AUTO_COUNTS,
    "twirling.shots_per_randomization": AUTO_COUNTS,
    "twirling.strategy": (["active", "active-circuit", "active-accum", "all"], ["none", 1, None]),
    "simulator.noise_model": ([{"errors": []}, {}, None], ["model", 1, []]),
    "simulator.seed_simulator": SEEDS,
    "simulator.coupling_map": (
        [[[0, 1], [1, 0]], [(0, 1)], np.array([[0, 1]]), [], None],
        ["01", [0, 1], [[0]], [[0, 1, 2]], [[0, -1]], [["a", "b"]], [[0, 1.0]], 3, {0: 1}],
    ),
    "simulator.basis_gates": ([["cx", "rz"], ("x",), [None]], ["cx", [1], None, {"cx": 1}]),
    "experimental": ([{"a": [1, {"b": None}]}, {}], [None, "x", 1, [("a", 1)]]),
}
TABLE: dict[str, dict[str, tuple[list[Any], list[Any]]]] = {
    "sampler": {
        "default_shots": (SHOTS[0], [*SHOTS[1], None]),
        "execution.meas_type": (["classified", "kerneled", "avg_kerneled"], ["iq", 2, None]),
        **EXECUTION,
        **SHARED,
    },
    "estimator": {
        "default_shots": ([*SHOTS[0], None], SHOTS[1]),
        "default_precision": ([0, 1e-6, 1, np.float64(0.5)], [-0.1, None, *NOT_NUMBERS]),
        "resilience_level": ([0, 1, 2, np.int8(2)], [-1, 3, 1.0, "1", True, None]),
        "seed_estimator": SEEDS,
        "resilience.measure_mitigation": BOOLS,
        "resilience.measure_noise_learning.num_randomizations": COUNTS,
        "resilience.measure_noise_learning.shots_per_randomization": AUTO_COUNTS,
        "resilience.zne_mitigation": BOOLS,
        "resilience.zne.noise_factors": (
            [(1, 3, 5), [1, 1.5], np.array([1.0, 2.0]), range(1, 4)],
            [[0.5, 1], "135", 3, None, [1, True], [1, float("nan")], ["1", "3"], {1: 3, 3: 5}],
        ),
        "resilience.zne.extrapolator": (
            [*FIT_NAMES[:2], "polynomial_degree_2", ["exponential", "linear"], ("fallback",)],
            ["quadratic", [], ["x"], None, 1, ["linear", None], {"linear"}],
        ),
        "resilience.zne.amplifier": (
            ["gate_folding", "gate_folding_front", "gate_folding_back", "pea"],
            ["folding", None],
        ),
        "resilience.zne.extrapolated_noise_factors": ([[0, 1], (0,), "auto"], ["all", 0, [None]]),
        "resilience.pec_mitigation": BOOLS,
        "resilience.pec.max_overhead": ([100, 0.5, None], [0, -1, *NOT_NUMBERS]),
        "resilience.pec.noise_gain": ([0, 2.5, "auto"], [-0.1, None, "all", *NOT_NUMBERS]),
        "resilience.layer_noise_learning.max_layers_to_learn": ([0, 4, None], [-1, 1.5, "4"]),
        "resilience.layer_noise_learning.shots_per_randomization": COUNTS,
        "resilience.layer_noise_learning.num_randomizations": COUNTS,
        "resilience.layer_noise_learning.layer_pair_depths": (
            [[0, 1, 2], (4,), np.array([1, 16]), []],
            [[-1], [0.5], "012", 3, [True], None],
        ),
        "resilience.layer_noise_model": ([None, [], {"a": 1}, [{"a": 1}]], ["x", 1, [1], object()]),
        **EXECUTION,
        **SHARED,
    },
}
LONG_TAGS = [["t" * 87], ["t"] * 8, "tag", [1], ("a", None), 3]
JOB_TABLE: dict[str, tuple[str, list[Any], list[Any]]] = {
    "environment.log_level": ("log_level", ["DEBUG", "warning"], ["LOUD", 10, None]),
    "environment.job_tags": ("tags", [["a", "é" * 86], ("t",) * 7], LONG_TAGS),
    "environment.private": ("private", [True, False], [1, "no"]),
    "max_execution_time": ("cost", [0, 10800, np.int64(5)], [-1, 10801, 1.5, "1", None, True]),
}
ROWS = [(program, path) for program, rows in TABLE.items() for path in rows]
JOB_ROWS = [(program, path) for program in TABLE for path in JOB_TABLE]


def nested(path: str, value: Any) -> dict[str, Any]:
    """The value at the end of nested dicts."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def by_keyword(cls: type[Any], path: str, value: Any) -> Any:
    """Constructor keywords."""
    return cls(**nested(path, value))


def by_dict(cls: type[Any], path: str, value: Any) -> Any:
    """A nested dict."""
    return coerce_options(cls, nested(path, value))


def by_attribute(cls: type[Any], path: str, value: Any) -> Any:
    """Attribute assignment."""
    options = group = cls()
    *groups, name = path.split(".")
    for inner in groups:
        group = getattr(group, inner)
    setattr(group, name, value)
    return options


def by_group(cls: type[Any], path: str, value: Any) -> Any:
    """A group object as keyword."""
    first, _, rest = path.partition(".")
    if not rest:
        return cls(**{first: value})
    group_class = groups_of(cls)[first]
    return cls(**{first: group_class(**nested(rest, value))})


def by_update(cls: type[Any], path: str, value: Any) -> Any:
    """update()."""
    options = cls()
    options.update(**nested(path, value))
    return options


ROUTES: list[Callable[..., Any]] = [by_keyword, by_dict, by_attribute, by_group, by_update]


def body(program: str, wire: OptionsOnWire) -> dict[str, Any]:
    """The job's body as parsed JSON, after both the schema and our own structs took it."""
    params = {"pubs": PUBS[program], **wire.params, "version": 2, "support_qiskit": True}
    written = encode_job_request(program_id=program, backend="b", params=params, job=wire.job)
    read = json.loads(written)
    VALIDATOR.validate(read)
    request = decode_job_request(written)
    decode_params(request.program_id, request.params)
    return read


def at(read: Any, path: str) -> Any:
    """The value at the path."""
    for name in path.split("."):
        read = read[name]
    return read


def plain(value: Any) -> Any:
    """The expected JSON of the value."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    return value


def leaves(schema: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Dotted names of the options in a schema."""
    found: set[str] = set()
    for name, inner in schema["properties"].items():
        path = f"{prefix}{name}"
        found |= leaves(inner, f"{path}.") if "properties" in inner else {path}
    return found


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_the_table_is_complete(program: str):
    """The table holds each option of the schema, and our classes send no others."""
    schema = SCHEMA["$defs"][program]["properties"]
    documented = leaves(schema["options"]) | ({"resilience_level"} & set(schema))
    assert set(TABLE[program]) == documented
    cls = CLASSES[program]
    groups = {path for path in paths(cls) if any(p.startswith(f"{path}.") for p in paths(cls))}
    ours = set(paths(cls)) - groups - {"isa_check", "split", "mitigation", "program"}
    assert ours == documented | set(JOB_TABLE)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("program", "path"), ROWS)
def test_every_option_is_sent(program: str, path: str, route: Callable[..., Any]):
    """Each right value, by each route, is sent alone and taken by the schema and the service."""
    for value in TABLE[program][path][0]:
        options = route(CLASSES[program], path, value)
        if path.endswith(".extrapolator") and not isinstance(value, (list, tuple)):
            options.resilience.zne.noise_factors = (1, 2, 3, 4, 5, 6, 7, 8)
        params = body(program, encode_options(options))["params"]
        if isinstance(value, dict) and not value:
            continue
        where = path if path == "resilience_level" else f"options.{path}"
        if path == "experimental":
            assert at(params, where) == value
        else:
            assert at(params, where) == plain(value)
        if not path.endswith(".extrapolator"):
            assert coerce_options(CLASSES[program], nested(path, value)) == options


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("program", "path"), ROWS)
def test_every_wrong_value_is_refused(program: str, path: str, route: Callable[..., Any]):
    """Each wrong value, by each route, is refused at once, with name and cure."""
    for value in TABLE[program][path][1]:
        with pytest.raises(OptionsError, match=rf"option {path} takes .*, not ") as caught:
            route(CLASSES[program], path, value)
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("program", "path"), JOB_ROWS)
def test_job_options_are_sent_and_checked(program: str, path: str, route: Callable[..., Any]):
    """Options of the job are sent beside params, and wrong ones are refused."""
    name, right, wrong = JOB_TABLE[path]
    for value in right:
        read = body(program, encode_options(route(CLASSES[program], path, value)))
        assert read[name] == (value.lower() if name == "log_level" else plain(value))
        assert "options" not in read["params"]
    for value in wrong:
        with pytest.raises(OptionsError, match=f"option {path} takes"):
            route(CLASSES[program], path, value)


@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_nothing_set_sends_nothing(program: str):
    """Fresh options, empty groups and options taken back send nothing at all."""
    cls = CLASSES[program]
    assert encode_options(cls()) == OptionsOnWire({}, {})
    empty = cls(twirling={}, environment={"job_tags": None, "private": None})
    assert encode_options(empty) == ({}, {})
    assert encode_options(cls(isa_check=False, split=True)) == OptionsOnWire({}, {})


@pytest.mark.parametrize("name", ["isa_check", "split"])
def test_switches_of_this_client(name: str):
    """isa_check is on and split is off until set, and only a bool sets them."""
    assert getattr(SamplerOptions(), name) is (name == "isa_check")
    assert getattr(SamplerOptions(**{name: False}), name) is False
    with pytest.raises(OptionsError, match=f"option {name} takes True or False"):
        SamplerOptions(**{name: 1})


def test_every_option_is_documented():
    """Each option has a docstring that says its meaning, and its default is declared or said."""
    for primitive in [SamplerOptions, EstimatorOptions]:
        for cls in {primitive, *paths(primitive).values()}:
            assert cls.__doc__
            texts = meanings(cls)
            assert set(texts) == {*options_of(cls), *groups_of(cls)}
            for name in options_of(cls):
                meaning, _, default = re.split(r"((?:Service's d|D)efault:)", texts[name])
                assert meaning.strip().endswith("."), name
                assert default.endswith("."), name


def test_help_lists_the_options():
    """The docstring of a group, which help() shows, lists each option with its meaning."""
    text = pydoc.render_doc(TwirlingOptions, renderer=pydoc.plaintext)
    assert "Pauli twirling: random, equivalent circuits" in text
    assert "enable_gates: Whether to twirl two-qubit Clifford gates. Service's default" in text
    assert 'or all. Service\'s default: "active-accum".' in " ".join(
        TwirlingOptions.__doc__.split()
    )


def test_seconds_are_named():
    """The docstring of an option that is a time names its unit."""
    assert "in seconds" in meanings(SamplerOptions)["max_execution_time"]
    assert "in seconds" in meanings(ExecutionOptionsV2)["rep_delay"]


def test_declared_defaults_are_documented():
    """As Python that a user could type, with the note behind; those of the client alone too."""
    assert meanings(SamplerOptions)["default_shots"].endswith(
        f" Service's default: {DEFAULT_SHOTS}."
    )
    precision = meanings(EstimatorOptions)["default_precision"]
    assert precision.endswith(f" Service's default: {DEFAULT_PRECISION}, 1/sqrt(4096).")
    extrapolator = meanings(ZneOptions)["extrapolator"]
    assert extrapolator.endswith(' Service\'s default: ("exponential", "linear").')
    assert meanings(SamplerOptions)["isa_check"].endswith(" Default: True.")


def test_declared_defaults_are_not_values():
    """An option with a default of the service is Unset until it is set, in subclasses too."""
    assert ZneOptions.noise_factors is ZneOptions().noise_factors is UNSET
    assert default_of(ZneOptions, "noise_factors") == (1, 3, 5)
    assert default_of(SamplerExecutionOptionsV2, "init_qubits") is True


def test_the_executor_reads_the_options_that_users_set():
    """With the same names, and what is declared as the service's default is its default."""
    read = {field.name: field.default for field in structs.fields(ExecutorOptionsJson)}
    assert {*options_of(ExecutionOptions), "experimental"} == set(read)
    declared = ExecutionOptions.__service_defaults__
    assert {name: default.value for name, default in declared.items()} == {
        name: read[name] for name in declared
    }
    assert read["rep_delay"] is None
