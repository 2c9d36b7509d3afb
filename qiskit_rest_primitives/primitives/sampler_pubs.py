"""What a user passes to a sampler -> encoded PUBs."""

from __future__ import annotations

from collections.abc import Iterable

from qiskit.primitives.containers import SamplerPubLike
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_rest_primitives.circuits.result_names import check_register_names
from qiskit_rest_primitives.jobs.user_warnings import warn_user
from qiskit_rest_primitives.options import SamplerOptions
from qiskit_rest_primitives.options.rules import check_circuits, shots_unless_given
from qiskit_rest_primitives.primitives.base import CircuitEncoder
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedSamplerPub
from qiskit_rest_primitives.primitives.mode import Mode, backend_of


def encode_pubs(
    mode: Mode, pubs: Iterable[SamplerPubLike], options: SamplerOptions, shots: int | None
) -> list[EncodedSamplerPub]:
    """Checks and encodes the PUBs of a run; its arguments and errors are those of `SamplerV2.run`.

    Args:
        mode: where to run.
        pubs: of the run.
        options: of the sampler.
        shots: for PUBs that name none.
    """
    default = shots_unless_given(options) if shots is None else shots
    coerced = [SamplerPub.coerce(pub, default) for pub in pubs]
    if any(not pub.circuit.cregs for pub in coerced):
        warn_user(
            "One of your circuits has no output classical registers and so the result "
            "will be empty. Did you mean to add measurement instructions?"
        )
    check_circuits(options, [pub.circuit for pub in coerced])
    encoder = CircuitEncoder(backend_of(mode), options.isa_check)
    encoded: list[EncodedSamplerPub] = []
    for index, pub in enumerate(coerced):
        check_register_names(pub.circuit, pub_index=index)
        circuit, values = encoder.encode(pub, index)
        encoded.append(
            EncodedSamplerPub(circuit, values, int(pub.shots or 0), pub.circuit.metadata, pub)
        )
    return encoded
