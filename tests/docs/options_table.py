"""Definitions of the options -> the tables of docs/options.md, with the backends that act on each.

`python -m tests.docs` writes them; a test fails when the page differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import UNSET

from qiskit_rest_primitives.local.simulators.backends import LocalBackend, LocalBackends
from qiskit_rest_primitives.local.simulators.options_acted_on import read_request
from qiskit_rest_primitives.options import EstimatorOptions, SamplerOptions
from qiskit_rest_primitives.options.job_options import PrimitiveOptions
from qiskit_rest_primitives.wire.request.job_request import decode_params
from qiskit_rest_primitives.wire.request.option_docs import meanings
from qiskit_rest_primitives.wire.request.option_group import OptionGroup, groups_of, options_of
from qiskit_rest_primitives.wire.request.option_rows import option_row
from qiskit_rest_primitives.wire.request.options import CommonOptions

BEGIN: Final = "<!-- The tables: written by python -m tests.docs. -->"
END: Final = "<!-- The end of the tables. -->"
HEAD: Final = "| option | takes | default | meaning | acts |\n|---|---|---|---|---|"
PROGRAMS: Final[dict[str, type[OptionGroup]]] = {
    "sampler": SamplerOptions,
    "estimator": EstimatorOptions,
}
OF_THE_CLIENT: Final = ("isa_check", "split", "mitigation", "program")
BESIDE_PARAMS: Final = ("environment.", "max_execution_time")
"""Members of a job beside its params: every service acts on them."""

PUBS: Final = {"sampler": ["OPENQASM 3;"], "estimator": ["OPENQASM 3;", "Z"]}
NOISE: Final = {"errors": []}
SAMPLES: Final[dict[str, Any]] = {
    "default_precision": 0.01,
    "default_shots": 100,
    "experimental": {"image": "an-image:1"},
    "resilience_level": 2,
    "seed_estimator": 7,
    "dynamical_decoupling.sequence_type": "XY4",
    "execution.init_qubits": True,
    "execution.meas_type": "classified",
    "execution.rep_delay": 2.5e-4,
    "resilience.layer_noise_model": [],
    "resilience.layer_noise_learning.layer_pair_depths": [1],
    "resilience.pec.max_overhead": 50,
    "resilience.pec.noise_gain": 0.5,
    "resilience.zne.amplifier": "gate_folding",
    "resilience.zne.extrapolated_noise_factors": [0],
    "resilience.zne.extrapolator": ["linear"],
    "resilience.zne.noise_factors": [1, 3],
    "simulator.basis_gates": ["cx"],
    "simulator.coupling_map": [[0, 1]],
    "simulator.noise_model": NOISE,
    "simulator.seed_simulator": 7,
    "twirling.strategy": "all",
    "dynamical_decoupling.extra_slack_distribution": "edges",
    "dynamical_decoupling.scheduling_method": "asap",
}
"""A value of each option that takes something other than True or a count."""


def tables() -> str:
    """One section for each group of options, in Markdown."""
    backends = LocalBackends()
    examples = {"statevector": "statevector", "aer": "aer", "devices": "fake_127q"}
    shown = {kind: backends.device(name) for kind, name in examples.items()}
    return "\n\n".join(
        "\n".join([f"### {title}", "", *_about(group), HEAD, *_rows(group, names, program, shown)])
        for title, group, names, program in _sections()
    )


def with_tables(page: str) -> str:
    """The page with the tables of today between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _about(group: type[OptionGroup]) -> list[str]:
    """The first sentence of a group's docstring, as a paragraph."""
    return [str(group.__doc__).partition("\n")[0], ""] if group.__group_path__ else []


def _sections() -> Iterator[tuple[str, type[OptionGroup], list[str], str]]:
    """Title, class, options and a program of each section; groups of both programs once."""
    common = {**options_of(PrimitiveOptions), **options_of(CommonOptions)}
    yield "Of every primitive", SamplerOptions, list(common), "sampler"
    for program, cls in PROGRAMS.items():
        own = [name for name in options_of(cls) if name not in common]
        yield f"Of the {program} alone", cls, own, program
    groups = {program: dict(_inner(cls)) for program, cls in PROGRAMS.items()}
    # The sampler's execution has all that the estimator's has.
    for path, group in sorted({**groups["estimator"], **groups["sampler"]}.items()):
        having = [program for program, of in groups.items() if path in of]
        only = "" if len(having) == 2 else f" ({having[0]})"
        yield f"`{path}`{only}", group, list(options_of(group)), having[0]


def _inner(group: type[OptionGroup]) -> Iterator[tuple[str, type[OptionGroup]]]:
    for inner in groups_of(group).values():
        yield inner.__group_path__, inner
        yield from _inner(inner)


def _rows(
    group: type[OptionGroup], names: list[str], program: str, backends: dict[str, LocalBackend]
) -> Iterator[str]:
    texts = meanings(group)
    for name in names:
        option = options_of(group)[name]
        row = option_row(option.path, 0, texts[name], is_set=False, value=None)
        cells = [
            f"`{name}`",
            option.takes + (row.unit and f" ({row.unit})"),
            row.default,
            row.meaning,
            _who_acts(option.path, program, backends),
        ]
        # Stars, and underscores before a word, would be emphasis.
        escaped = (re.sub(r"([|*]|(?<= )_)", r"\\\1", cell) for cell in cells)
        yield f"| {' | '.join(escaped)} |"


def _who_acts(path: str, program: str, backends: dict[str, LocalBackend]) -> str:
    """Who acts on an option: backends of the embedded service, IBM's service, or the client."""
    if path in OF_THE_CLIENT:
        return "client"
    if path.startswith(BESIDE_PARAMS):
        return "all"
    who: list[str] = []
    for name, backend in backends.items():
        if _acts(path, program, backend):
            who.append(name)
        elif backend.on_aer and _acts(path, program, backend, NOISE):
            who.append(f"{name} with noise")
    if not path.startswith("simulator."):
        who.append("IBM")
    return "all" if who == [*backends, "IBM"] else ", ".join(who)


def _acts(path: str, program: str, backend: LocalBackend, noise: Any = UNSET) -> bool:
    """Whether the backend leaves the option out of what it lists as not applied."""
    value: Any = SAMPLES.get(path, 4 if _is_count(path, program) else True)
    for name in reversed(path.split(".")):
        value = {name: value}
    level = value.pop("resilience_level", None)
    if noise is not UNSET:
        value.setdefault("simulator", {}).setdefault("noise_model", noise)
    params: dict[str, Any] = {"pubs": [PUBS[program]], "options": value, "version": 2}
    if level is not None:
        params["resilience_level"] = level
    requested = read_request(
        decode_params(program, json.dumps(params).encode()),
        on_aer=backend.on_aer,
        takes_seed=backend.takes_seed,
        takes_noise=backend.takes_noise,
        is_noisy=backend.is_noisy,
        default_level=backend.default_level,
        has_clock=backend.clock() is not None,
    )
    ignored = requested.metadata.get("options_not_applied", [])
    asked = f"options.{path}." if level is None else f"{path}."
    return not any(asked.startswith(f"{name}.") or f"{name}.".startswith(asked) for name in ignored)


def _is_count(path: str, program: str) -> bool:
    group: type[OptionGroup] = PROGRAMS[program]
    *inner, name = path.split(".")
    for step in inner:
        group = groups_of(group)[step]
    return "integer" in options_of(group)[name].takes
