"""Bodies of POST /v1/jobs against the documented JSON Schema beside this file."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qiskit_rest_primitives.wire.request.job_request import (
    EstimatorParams,
    InvalidBody,
    SamplerParams,
    decode_job_request,
    decode_params,
    encode_job_request,
)

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "job_request.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
PUBS: dict[str, list[Any]] = {"sampler": [["q", None, 5]], "estimator": [["q", "Z", None, 0.1]]}
# Integral floats are left out: JSON Schema accepts 2.0 as an integer, but no client sends it.
JUNK = [None, True, -1, 0, 1, 3, 2**31 - 1, 2**31, 1.5, -0.5, 1e-9, "", "auto", "XX", [], {}]
JUNK += [[1], [-1], ["linear"], ["x"], [None], {"enable": True}, {"enable": 1}, "x" * 87]


def accepts(body: Any) -> bool:
    """Whether our structs take the body, params included."""
    try:
        request = decode_job_request(json.dumps(body).encode())
        decode_params(request.program_id, request.params)
    except InvalidBody:
        return False
    return True


def job(program_id: str, **params: Any) -> dict[str, Any]:
    """A body whose params have PUBs of the right form."""
    return {
        "program_id": program_id,
        "backend": "b",
        "params": {"pubs": PUBS[program_id], **params},
    }


def leaves(schema: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Paths of all members of a schema, groups included."""
    found = [path] if path else []
    for name, inner in schema.get("properties", {}).items():
        found += leaves(inner, (*path, name))
    return found


def put(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The value at the end of nested dicts."""
    for name in reversed(path):
        value = {name: value}
    return value


PARAMS_PATHS = [
    (program, path)
    for program in ("sampler", "estimator")
    for path in leaves(SCHEMA["$defs"][program])
]


@pytest.mark.parametrize(
    ("program", "path"),
    PARAMS_PATHS,
    ids=lambda part: part if isinstance(part, str) else ".".join(part),
)
def test_each_member_of_params_agrees_with_the_schema(program: str, path: tuple[str, ...]):
    """Every member of params accepts and refuses the same values as the schema."""
    for value in JUNK:
        if path == ("pubs",) and value == ["x"] and program == "sampler":
            continue
        body = job(program, **put(path, value))
        if isinstance(value, dict) and value and path[-1] != "dynamical_decoupling":
            # Stricter on purpose where the schema leaves a group open: unknown names are refused.
            continue
        assert accepts(body) == VALIDATOR.is_valid(body), (path, value)


@pytest.mark.parametrize("name", [name for name in SCHEMA["properties"] if name != "params"])
def test_each_member_of_a_job_agrees_with_the_schema(name: str):
    """Every member beside params accepts and refuses the same values as the schema."""
    words = ["sampler", "debug", "x" * 36, "x" * 37, "x" * 100, "x" * 101, ["t"] * 8, ["t"] * 9]
    for value in [*JUNK, *words, "x" * 10_001, ["x" * 86], ["x" * 87], 10_800, 10_801]:
        body = {**job("sampler"), name: value}
        assert accepts(body) == VALIDATOR.is_valid(body), (name, value)


PUB_ITEMS = [None, "q", 1, 0, -1, 1.5, True, [], {}, {"a": 1}]


@pytest.mark.parametrize("program", ["sampler", "estimator"])
@pytest.mark.parametrize("length", range(6))
def test_pubs_agree_with_the_schema(program: str, length: int):
    """PUBs of every length and last item are accepted as the schema says."""
    for last in PUB_ITEMS:
        pub = [*["q", "Z", None, 1, 1][: length - 1], last][:length]
        body = job(program, pubs=[pub])
        assert accepts(body) == VALIDATOR.is_valid(body), pub
    for pub in ["q", None, 3, {}]:
        body = job(program, pubs=[pub])
        assert accepts(body) == VALIDATOR.is_valid(body), pub


@pytest.mark.parametrize("name", ["program_id", "backend", "params"])
def test_required_members(name: str):
    """A body without a required member is refused with its name as the path."""
    body = job("sampler")
    del body[name]
    with pytest.raises(InvalidBody) as caught:
        decode_job_request(json.dumps(body).encode())
    assert caught.value.path == name


@st.composite
def option_trees(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    """JSON for a schema: mostly right, sometimes junk, never an unknown name."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from([junk for junk in JUNK if not isinstance(junk, dict)]))
    if "properties" in schema:
        names = draw(st.sets(st.sampled_from(sorted(schema["properties"])), max_size=4))
        return {name: draw(option_trees(schema["properties"][name])) for name in sorted(names)}
    if "oneOf" in schema:
        return draw(option_trees(draw(st.sampled_from(schema["oneOf"]))))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    if "const" in schema:
        return schema["const"]
    kinds = schema.get("type", ["null", "string", "array"])
    kind = draw(st.sampled_from([kinds] if isinstance(kinds, str) else kinds))
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    if kind == "array":
        return draw(st.lists(option_trees(schema.get("items", {"type": "integer"})), max_size=3))
    return draw(
        {
            "boolean": st.booleans(),
            "integer": st.integers(low, schema.get("maximum")),
            "number": st.floats(low, 1e9, allow_nan=False, allow_infinity=False).filter(
                lambda number: number != int(number)
            ),
            "string": st.text(max_size=5),
            "object": st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
            "null": st.none(),
        }[kind]
    )


@pytest.mark.parametrize("program", ["sampler", "estimator"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whole_params_agree_with_the_schema(program: str, data: st.DataObject):
    """Random params, right or a little wrong, are accepted exactly when the schema accepts them."""
    schema = {
        "properties": {
            k: v for k, v in SCHEMA["$defs"][program]["properties"].items() if k != "pubs"
        }
    }
    params = data.draw(option_trees(schema))
    if isinstance(params, dict):
        params = {"pubs": PUBS[program], **params}
    body = {"program_id": program, "backend": "b", "params": params}
    assert accepts(body) == VALIDATOR.is_valid(body)


@pytest.mark.parametrize(
    ("program", "params", "path", "words"),
    [
        ("sampler", {"options": {"foo": 1}}, "options.foo", "unknown"),
        ("sampler", {"options": {"twirling": {"foo": 1}}}, "options.twirling.foo", "unknown"),
        ("sampler", {"resilience_level": 1}, "resilience_level", "unknown"),
        ("sampler", {"options": {"execution": {"meas_type": "x"}}},
         "options.execution.meas_type", "x"),
        ("estimator", {"options": {"execution": {"meas_type": "kerneled"}}},
         "options.execution.meas_type", "unknown"),
        ("estimator", {"options": {"resilience": {"zne": {"noise_factors": [1, "a"]}}}},
         "options.resilience.zne.noise_factors[1]", "str"),
        ("estimator", {"resilience_level": 3}, "resilience_level", "2"),
        ("sampler", {"pubs": [["q"], ["q", None, 0]]}, "pubs[1][2]", "at least 1"),
        ("sampler", {"pubs": [["q", None, 1.5]]}, "pubs[0][2]", "whole number"),
        ("estimator", {"pubs": [["q"]]}, "pubs[0]", "2 to 4"),
        ("estimator", {"pubs": ["q"]}, "pubs[0]", "array"),
        ("estimator", {"pubs": [["q", "Z", None, "0.1"]]}, "pubs[0][3]", "number"),
        ("sampler", {"version": 1}, "version", "1"),
    ],
)  # fmt: skip
def test_errors_have_the_path_of_the_wrong_member(
    program: str, params: dict[str, Any], path: str, words: str
):
    """The path is an attribute of the error and part of its message."""
    request = decode_job_request(json.dumps(job(program, **params)).encode())
    with pytest.raises(InvalidBody, match=words) as caught:
        decode_params(request.program_id, request.params)
    assert caught.value.path == f"params.{path}"
    assert str(caught.value).startswith(f"params.{path}: ")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b'{"program_id":"sampler","backend":"b","params":{"pubs":[NaN]}}',
        b'{"program_id":"sampler","backend":"b","params":{"pubs":["\xff"]}}',
        b'{"program_id":"sampler","backend":"b","params":{"pubs":["\\ud800"]}}',
        b'{"program_id":"sampler","backend":"b","params":{"pubs":[1e999]}}',
        b'{"program_id":"sampler","backend":"b","params":3}',
        b'{"program_id":"sampler","backend":"b","params":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"program_id":"sampler","backend":"b","params":{"pubs":[["q",null,'
        + b"9" * 9000
        + b"]]}}",
    ],
)
def test_malformed_text_is_refused(text: bytes):
    """Text that is not JSON, or JSON without end, is an InvalidBody and no other error."""
    with pytest.raises(InvalidBody):
        decode_params("sampler", decode_job_request(text).params)


FLOW_OPTIONS = {
    "dynamical_decoupling": {
        "enable": True,
        "sequence_type": "XpXm",
        "extra_slack_distribution": "middle",
        "scheduling_method": "alap",
    },
    "twirling": {
        "enable_gates": True,
        "enable_measure": True,
        "num_randomizations": "auto",
        "shots_per_randomization": "auto",
        "strategy": "active-accum",
    },
}


@pytest.mark.parametrize("extrapolator", ["exponential", ["exponential", "linear"]])
def test_documented_flows_are_accepted(extrapolator: str | list[str]):
    """The documented sampler, estimator and parameter bodies are accepted as they are."""
    resilience = {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "zne": {"extrapolator": extrapolator, "noise_factors": [1, 3, 5]},
    }
    estimator = {
        "pubs": [["q", {"II": 1, "XZ": 2.3}, None]],
        "options": {**FLOW_OPTIONS, "resilience": resilience},
    }
    for body in [
        job("sampler", pubs=[["q"], ["q", None, 500]], options=FLOW_OPTIONS, version=2),
        job("sampler", pubs=[["q", {"theta": 1.57, "phi": 3.14}, 500], ["q", [1, 2], 500]]),
        job("estimator", **estimator, resilience_level=1),
    ]:
        assert accepts(body)
        assert VALIDATOR.is_valid(body)


def test_bodies_of_the_official_client_are_accepted():
    """Log levels in capitals and the documented experimental flags of the official client."""
    body = job("sampler", options={"execution": {"scheduler_timing": True, "stretch_values": True}})
    request = decode_job_request(json.dumps({**body, "log_level": "WARNING"}).encode())
    assert request.log_level == "warning"
    assert accepts(body)


def test_unknown_members_of_a_job_are_ignored():
    """Undocumented members beside params are accepted, as by the service."""
    body = {**job("sampler"), "start_session": True}
    assert accepts(body)
    assert VALIDATOR.is_valid(body)


def test_decoded_params_keep_values():
    """PUBs come through as plain objects, shots as int, options as typed groups."""
    params = decode_params("sampler", json.dumps({"pubs": [["q", [1, 2], 500.0], "q"]}).encode())
    assert isinstance(params, SamplerParams)
    assert params.pubs == [["q", [1, 2], 500], "q"]
    assert type(params.pubs[0][2]) is int
    options = {"default_precision": 1, "simulator": {"seed_simulator": None}}
    estimator = decode_params("estimator", json.dumps({"pubs": [], "options": options}).encode())
    assert isinstance(estimator, EstimatorParams)
    assert estimator.options.default_precision == 1.0
    assert estimator.options.simulator.seed_simulator is None


def test_encode_and_decode_are_inverse():
    """The output of encode_job_request satisfies the schema and decodes to the same values."""
    params = {"pubs": [["q", None, 3]], "support_qiskit": True, "version": 2}
    written = encode_job_request(
        program_id="sampler", backend="b", params=params, job={"tags": ["é"], "cost": 7}
    )
    assert VALIDATOR.is_valid(json.loads(written))
    request = decode_job_request(written)
    assert (request.backend, request.tags, request.cost) == ("b", ["é"], 7)
    assert decode_params("sampler", request.params).pubs == params["pubs"]
