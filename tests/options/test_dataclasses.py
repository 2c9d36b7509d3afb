"""Options as dataclasses, beside those of qiskit_ibm_runtime, whose objects are accepted too."""

import copy
import dataclasses
import inspect
import pickle
import warnings
from types import ModuleType
from typing import Any

import pytest

from qiskit_rest_primitives import EstimatorV2, RestBackend, SamplerV2, options
from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions, Unset
from qiskit_rest_primitives.options.request import coerce_options, encode_options
from qiskit_rest_primitives.wire.request.option_group import OptionGroup

OWN = ("isa_check", "split", "mitigation", "program")
"""The switches that the official client does not have."""


@pytest.fixture(scope="module")
def official() -> ModuleType:
    """The official client's options."""
    pytest.importorskip("qiskit_ibm_runtime")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from qiskit_ibm_runtime import options as theirs
    return theirs


def own_classes() -> list[type[OptionGroup]]:
    """Every public class of options."""
    found = [getattr(options, name) for name in options.__all__]
    return [cls for cls in found if isinstance(cls, type) and issubclass(cls, OptionGroup)]


def plain(value: Any) -> Any:
    """Nested dicts without the official version, our switches and what nobody set."""
    if not isinstance(value, dict):
        return value
    return {
        name: plain(inner)
        for name, inner in value.items()
        if type(inner).__name__ != "UnsetType" and name not in ("_VERSION", *OWN)
    }


@pytest.mark.parametrize("name", [cls.__name__ for cls in own_classes()])
def test_fields_are_those_of_the_official_client(name: str, official: ModuleType):
    """is_dataclass() is true, and fields() names what the official class of that name has."""
    ours = getattr(options, name)
    assert dataclasses.is_dataclass(ours)
    assert dataclasses.is_dataclass(ours())
    theirs = getattr(official, "OptionsV2" if name == "PrimitiveOptions" else name)
    expected = {field.name for field in dataclasses.fields(theirs)} - {"_VERSION"}
    if name in ("SamplerOptions", "EstimatorOptions", "PrimitiveOptions"):
        expected |= set(OWN)
    if name in ("SamplerOptions", "PrimitiveOptions"):
        expected.discard("mitigation")
    if name in ("EstimatorOptions", "PrimitiveOptions"):
        expected.discard("program")
    if name == "PrimitiveOptions":
        expected.discard("simulator")
    assert {field.name for field in dataclasses.fields(ours)} == expected


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SamplerOptions", {}),
        ("SamplerOptions", {"default_shots": 5, "twirling": {"enable_gates": True}}),
        ("SamplerOptions", {"environment": {"job_tags": ["a"], "private": True}}),
        ("EstimatorOptions", {"resilience": {"zne": {"noise_factors": [1.0, 3.0]}}}),
        ("EstimatorOptions", {"resilience_level": 2, "simulator": {"seed_simulator": 3}}),
    ],
)
def test_asdict_gives_what_the_official_options_give(
    name: str, settings: dict[str, Any], official: ModuleType
):
    """asdict() has every option, nested, with Unset where nobody set it; it makes equal options."""
    ours = getattr(options, name)(**settings)
    theirs = getattr(official, name)(**settings)
    written = dataclasses.asdict(ours)
    assert plain(written) == plain(dataclasses.asdict(theirs))
    assert written["max_execution_time"] is Unset
    assert type(ours)(**written) == ours


def test_replace_makes_changed_options():
    """replace() keeps the other options, and without changes gives equal ones."""
    before = EstimatorOptions(default_shots=3, resilience={"zne": {"amplifier": "pea"}})
    after = dataclasses.replace(before, default_shots=4)
    assert (before.default_shots, after.default_shots) == (3, 4)
    assert after.resilience.zne.amplifier == "pea"
    assert dataclasses.replace(before) == before
    with pytest.raises(OptionsError, match="did you mean default_shots"):
        dataclasses.replace(before, default_shot=1)


def test_a_default_that_was_set_equals_the_default(official: ModuleType):
    """Equality compares values, as in the official client, whether set or not."""
    for module in (official, options):
        assert module.EnvironmentOptions(log_level="WARNING") == module.EnvironmentOptions()
        assert module.SamplerOptions(default_shots=1) != module.SamplerOptions()
        assert module.SamplerOptions() != module.EstimatorOptions()


def test_repr_names_what_the_official_repr_names(official: ModuleType):
    """Each name=value of the official repr, the version aside, is in ours."""
    settings = {"default_shots": 5, "twirling": {"strategy": "all"}}
    theirs, ours = repr(official.SamplerOptions(**settings)), repr(SamplerOptions(**settings))
    shown = theirs.replace("_VERSION=2, ", "").replace("(", " ").replace(")", " ")
    for part in shown.split():
        assert part.rstrip(",") in ours


def given(theirs: ModuleType, program: str) -> Any:
    """Official options with settings at all depths."""
    made = getattr(theirs, f"{program}Options")()
    made.default_shots = 7
    made.max_execution_time = 60
    made.environment.job_tags = ["a"]
    made.twirling.enable_gates = True
    made.simulator.seed_simulator = 3
    if program == "Estimator":
        made.resilience_level = 2
        made.resilience.zne.noise_factors = [1, 3]
    else:
        made.execution.meas_type = "classified"
    return made


@pytest.mark.parametrize("program", ["Sampler", "Estimator"])
def test_official_options_are_accepted(program: str, official: ModuleType, backend: RestBackend):
    """Official options, given to the constructor or assigned, send what their dict sends."""
    theirs = given(official, program)
    cls = {"Sampler": SamplerV2, "Estimator": EstimatorV2}[program]
    expected = getattr(options, f"{program}Options")(**plain(dataclasses.asdict(theirs)))
    constructed = cls(backend, options=theirs)
    assigned = cls(backend)
    assigned.options = theirs
    assert constructed.options == assigned.options == expected
    assert encode_options(constructed.options).params == encode_options(expected).params
    assert encode_options(constructed.options).job == {"tags": ["a"], "cost": 60}


def test_official_groups_are_accepted(official: ModuleType):
    """Official groups are taken as keyword, by assignment, by update() and within a dict."""
    theirs = official.TwirlingOptions(strategy="all")
    assigned, updated = SamplerOptions(), SamplerOptions()
    assigned.twirling = theirs
    updated.update(twirling=theirs)
    made = [
        SamplerOptions(twirling=theirs),
        assigned,
        updated,
        coerce_options(SamplerOptions, {"twirling": theirs}),
    ]
    for one in made:
        assert one == SamplerOptions(twirling={"strategy": "all"})
    zne = official.ZneOptions(amplifier="pea")
    nested = EstimatorOptions(resilience=official.ResilienceOptionsV2(zne=zne))
    assert nested.resilience.zne.amplifier == "pea"


def test_official_models_are_accepted():
    """The models of the executor's primitives are understood too, without their defaults."""
    models = pytest.importorskip("qiskit_ibm_runtime.options_models")
    theirs = models.EstimatorOptions(default_shots=3, resilience_level=2)
    theirs.resilience.zne.noise_factors = [1, 3]
    theirs.environment.job_tags = ["a"]
    assert coerce_options(EstimatorOptions, theirs) == EstimatorOptions(
        default_shots=3,
        resilience_level=2,
        resilience={"zne": {"noise_factors": [1, 3]}},
        environment={"job_tags": ["a"]},
    )
    assert coerce_options(SamplerOptions, models.SamplerOptions()) == SamplerOptions()
    theirs.simulator.angle_decimals = 3
    with pytest.raises(OptionsError, match=r"no option simulator\.angle_decimals"):
        coerce_options(EstimatorOptions, theirs)


def test_official_options_that_do_not_fit_are_refused(official: ModuleType):
    """Options of the other primitive, and another group, are refused by name."""
    with pytest.raises(OptionsError, match="dict or SamplerOptions, not EstimatorOptions"):
        coerce_options(SamplerOptions, official.EstimatorOptions())
    with pytest.raises(OptionsError, match="takes a dict or TwirlingOptions, not ZneOptions"):
        SamplerOptions(twirling=official.ZneOptions())
    with pytest.raises(OptionsError, match="takes a dict or TwirlingOptions, not"):
        SamplerOptions(twirling=official.TwirlingOptions)


def test_a_users_subclass_is_accepted(official: ModuleType):
    """A class derived from the official options counts as those."""
    derived = type("MyOptions", (official.SamplerOptions,), {})
    assert coerce_options(SamplerOptions, derived(default_shots=2)).default_shots == 2


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_are_dataclasses(how: Any):
    """A copy of any kind has the same fields and values."""
    before = SamplerOptions(default_shots=3, simulator={"seed_simulator": 4})
    assert dataclasses.asdict(how(before)) == dataclasses.asdict(before)


def test_every_official_name_is_here(official: ModuleType):
    """Every class of qiskit_ibm_runtime.options is a name of ours."""
    theirs = {name for name, thing in vars(official).items() if inspect.isclass(thing)}
    assert theirs - {"NoiseLearnerOptions"} <= set(options.__all__)
