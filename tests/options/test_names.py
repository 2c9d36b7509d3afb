"""Names of options; copying, comparing and displaying options."""

import copy
import pickle
from typing import Any

import pytest

from qiskit_rest_primitives.errors import OptionsError
from qiskit_rest_primitives.options import (
    EstimatorOptions,
    SamplerOptions,
    TwirlingOptions,
    Unset,
    UnsetType,
    ZneOptions,
)
from qiskit_rest_primitives.options.request import coerce_options, encode_options
from qiskit_rest_primitives.wire.request.option_group import groups_of, options_of


@pytest.mark.parametrize(
    ("cls", "path", "cure"),
    [
        (SamplerOptions, "default_shot", "did you mean default_shots?"),
        (SamplerOptions, "shots", "use default_shots, or run(pubs, shots=...)"),
        (EstimatorOptions, "precision", "use default_precision"),
        (SamplerOptions, "seed", "simulator.seed_simulator"),
        (SamplerOptions, "optimization_level", "generate_preset_pass_manager"),
        (SamplerOptions, "resilience_level", "it is an option of the estimator only"),
        (SamplerOptions, "resilience", "it is an option of the estimator only"),
        (SamplerOptions, "seed_estimator", "it is an option of the estimator only"),
        (EstimatorOptions, "execution.meas_type", "it is an option of the sampler only"),
        (SamplerOptions, "enable_gates", "did you mean twirling.enable_gates?"),
        (EstimatorOptions, "zne_mitigation", "did you mean resilience.zne_mitigation?"),
        (EstimatorOptions, "noise_factors", "did you mean resilience.zne.noise_factors?"),
        (SamplerOptions, "dynamical_decoupling.sequence", "did you mean sequence_type?"),
        (SamplerOptions, "dynamic_decoupling", "did you mean dynamical_decoupling?"),
        (EstimatorOptions, "resilience.zne.extrapolators", "did you mean extrapolator?"),
        (EstimatorOptions, "resilience.pec.qqq", "there are max_overhead, noise_gain"),
        (SamplerOptions, "environment.tags", "did you mean job_tags?"),
    ],
)
def test_unknown_names_are_refused(cls: type[Any], path: str, cure: str):
    """An unknown name is refused on every way in and on reading, with the nearest right one."""
    *groups, name = path.split(".")
    keywords: Any = 1
    for part in reversed(path.split(".")):
        keywords = {part: keywords}
    group = options = cls()
    for inner in groups:
        group = getattr(group, inner)
    for attempt in [
        lambda: cls(**keywords),
        lambda: coerce_options(cls, keywords),
        lambda: options.update(**keywords),
        lambda: setattr(group, name, 1),
        lambda: getattr(group, name),
    ]:
        with pytest.raises(OptionsError) as caught:
            attempt()
        assert f"there is no option {path}; " in str(caught.value)
        assert cure in str(caught.value)
    assert not hasattr(group, name)
    assert options == cls()


def test_names_are_strings():
    """A dict whose key is not a string is refused as such."""
    with pytest.raises(OptionsError, match="names of options must be strings, not 3"):
        coerce_options(SamplerOptions, {"twirling": {3: 1}})


@pytest.mark.parametrize("value", [1, [1], EstimatorOptions(), ZneOptions(), "x"])
def test_groups_take_dicts_and_their_own_class(value: Any):
    """A group refuses what is neither a dict nor a group of its class."""
    with pytest.raises(OptionsError, match="option twirling takes a dict or TwirlingOptions, not"):
        SamplerOptions(twirling=value)


@pytest.mark.parametrize("value", [1, "x", EstimatorOptions(), [("default_shots", 1)]])
def test_coerce_refuses_other_objects(value: Any):
    """A primitive's options are a dict or its own class, not another primitive's options."""
    with pytest.raises(OptionsError, match=f"dict or SamplerOptions, not {type(value).__name__}"):
        coerce_options(SamplerOptions, value)


def test_unset_reads_as_unset():
    """Options that are not set read as Unset: one falsy object, even in copies and pickles."""
    value = SamplerOptions().default_shots
    assert value is Unset
    assert not value
    assert repr(value) == "UNSET"
    assert UnsetType() is copy.deepcopy(Unset) is pickle.loads(pickle.dumps(Unset)) is Unset


def test_environment_reads_its_defaults():
    """Options of the environment read as their defaults, as in the official client."""
    environment = SamplerOptions().environment
    assert environment.log_level == "WARNING"
    assert environment.job_tags is None
    assert environment.private is False


def test_options_can_be_unset():
    """Assigning Unset, also another client's object of that name, and del unset an option."""
    foreign = type("UnsetType", (), {})()
    options = SamplerOptions(default_shots=5, twirling={"enable_gates": True})
    for take_back in [
        lambda: setattr(options, "default_shots", Unset),
        lambda: setattr(options, "default_shots", foreign),
        lambda: delattr(options, "default_shots"),
    ]:
        options.default_shots = 5
        take_back()
        assert options.default_shots is Unset
    del options.twirling
    assert options == SamplerOptions()
    options.twirling.enable_gates = True
    options.twirling = Unset
    assert options == SamplerOptions()


def test_assigning_a_dict_replaces_and_update_merges():
    """Assigning a dict to a group starts it anew; update() keeps what it does not name."""
    options = SamplerOptions(twirling={"enable_gates": True})
    options.update(twirling={"strategy": "all"}, default_shots=3)
    assert encode_options(options).params["options"] == {
        "default_shots": 3,
        "twirling": {"enable_gates": True, "strategy": "all"},
    }
    options.twirling = {"enable_measure": True}
    assert encode_options(options).params["options"]["twirling"] == {"enable_measure": True}
    options.update(twirling=TwirlingOptions(strategy="active"))
    assert encode_options(options).params["options"]["twirling"] == {"strategy": "active"}


def test_update_is_all_or_nothing():
    """An update with one wrong value changes nothing."""
    options = EstimatorOptions(resilience={"zne": {"amplifier": "pea"}})
    before = copy.deepcopy(options)
    with pytest.raises(OptionsError):
        options.update(
            default_shots=7, resilience={"zne": {"amplifier": "gate_folding"}}, resilience_level=9
        )
    assert options == before


def test_coerce_copies_as_the_official_client():
    """A primitive's options are its own, except for the groups, which it shares with the caller."""
    mine = SamplerOptions(default_shots=1)
    theirs = coerce_options(SamplerOptions, mine)
    mine.default_shots = 2
    mine.twirling.enable_gates = True
    assert theirs.default_shots == 1
    assert theirs.twirling.enable_gates is True
    assert coerce_options(SamplerOptions, None) == SamplerOptions()


def test_assigned_values_are_copied():
    """Changing a list or dict after it was assigned does not change the option."""
    factors, extra = [1.0, 3.0], {"a": 1}
    options = EstimatorOptions(experimental=extra, resilience={"zne": {"noise_factors": factors}})
    factors.append(0.0)
    extra["b"] = 2
    assert options.resilience.zne.noise_factors == [1.0, 3.0]
    assert options.experimental == {"a": 1}


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_are_equal(how: Any):
    """Copies of all kinds equal the original and send the same."""
    options = EstimatorOptions(
        default_shots=3,
        resilience={"zne": {"noise_factors": (1, 3)}},
        simulator={"seed_simulator": 4},
        environment={"job_tags": ["a"]},
    )
    assert how(options) == options
    assert encode_options(how(options)) == encode_options(options)


def test_a_deep_copy_is_independent():
    """Groups of a deep copy are not those of the original."""
    options = SamplerOptions()
    other = copy.deepcopy(options)
    other.twirling.enable_gates = True
    assert other != options
    assert options != {"twirling": {}}


def test_repr_shows_every_option():
    """It holds each option and its value, set or not, and evaluates to equal options."""
    assert repr(ZneOptions(extrapolator=["linear"])) == (
        "ZneOptions(noise_factors=Unset, extrapolator=['linear'], amplifier=Unset, "
        "extrapolated_noise_factors=Unset)"
    )
    options = EstimatorOptions(
        default_precision=0.5, resilience={"zne": {"extrapolator": ["linear"]}}, isa_check=False
    )
    for shown in ("isa_check=False", "default_precision=0.5", "log_level='WARNING'", "pec=Pec"):
        assert shown in repr(options)
    import qiskit_rest_primitives.options as names

    assert eval(repr(options), vars(names)) == options


def test_options_are_not_hashable():
    """Options change, so they are no dict keys."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(SamplerOptions())


def test_signature_and_dir_list_the_options():
    """Editors complete their names from these."""
    import inspect

    assert {"default_shots", "twirling"} <= set(inspect.signature(SamplerOptions).parameters)
    assert {"default_shots", "twirling"} <= set(dir(SamplerOptions()))
    assert "meas_type" in dir(SamplerOptions().execution)


@pytest.mark.parametrize("cls", [SamplerOptions, EstimatorOptions, TwirlingOptions])
def test_completion_lists_nothing_else(cls: type[Any]):
    """What Tab shows are the options and update(), nothing internal."""
    shown = {name for name in dir(cls()) if not name.startswith("_")}
    assert shown == {*options_of(cls), *groups_of(cls), "update"}
