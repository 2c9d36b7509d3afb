"""PUBs of a sampler -> params of the program ``executor``. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_rest_primitives.jobs.results.program_items import SAMPLER_MARK
from qiskit_rest_primitives.options.executor_options import program_options
from qiskit_rest_primitives.wire.executor.program import VERSIONS


def sampler_program_params(
    pubs: Sequence[Sequence[Any]], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Makes a quantum program whose items are PUBs.

    Args:
        pubs: text, item and shots of each; all have the same shots.
        options: of the sampler, as written.

    Raises:
        OptionsError: an option that no quantum program can carry.
    """
    return {
        "schema_version": VERSIONS[0],
        "quantum_program": {
            "shots": pubs[0][2],
            "circuits": {"data": [text for text, _, _ in pubs]},
            "items": [item for _, item, _ in pubs],
            "meas_level": options.get("execution", {}).get("meas_type", "classified"),
            "passthrough_data": SAMPLER_MARK,
        },
        "options": program_options(options),
    }
