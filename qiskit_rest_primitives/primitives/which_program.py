"""A sampler's PUBs -> the program of the service that samples them: ``sampler`` or ``executor``."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qiskit_rest_primitives.errors import InvalidRequestError, NotFoundError, with_more
from qiskit_rest_primitives.jobs.base import Job
from qiskit_rest_primitives.jobs.spending import Approval
from qiskit_rest_primitives.options.job_options import SamplerOptions
from qiskit_rest_primitives.primitives.encoded_pubs import EncodedSamplerPub
from qiskit_rest_primitives.primitives.mode import Mode, backend_of
from qiskit_rest_primitives.primitives.request import submit_pubs
from qiskit_rest_primitives.wire.request.option_group import OptionGroup, settings_of

logger = logging.getLogger(__name__)

_NO_PROGRAM = re.compile(r"\bprogram(_id)?\b", re.IGNORECASE)


@dataclass
class Programs:
    """What is known of the programs of a service.

    Attributes:
        lacks_sampler: whether it refused a job because it has no program ``sampler``.
    """

    lacks_sampler: bool = False


def program_for(mode: Mode, options: SamplerOptions) -> str:
    """The program to send PUBs to, as far as is known: ``sampler`` or ``executor``."""
    if options.program != "auto":
        return options.program
    return "executor" if _known(mode).lacks_sampler else "sampler"


def asks_for_mitigation(options: SamplerOptions) -> bool:
    """Whether a sampler's options ask for something that no quantum program carries."""
    return _acts(options.twirling) or _acts(options.dynamical_decoupling)


def _acts(group: OptionGroup) -> bool:
    return any(on is True for name, on in settings_of(group).items() if name.startswith("enable"))


def prepared(program: str, pubs: Sequence[EncodedSamplerPub]) -> list[EncodedSamplerPub]:
    """The PUBs as that program takes them."""
    return [replace(pub, for_executor=program == "executor") for pub in pubs]


def submit_sampler(
    mode: Mode,
    pubs: Sequence[EncodedSamplerPub],
    options: SamplerOptions,
    *,
    approval: Approval | None = None,
    on_executor: Callable[[], Job] | None = None,
) -> Job:
    """Posts a sampler's run, to the program ``executor`` if the service has no ``sampler``.

    Args:
        mode: where to run.
        pubs: of the run.
        options: of the sampler.
        approval: of a larger run that this is a part of.
        on_executor: runs them where ``executor`` is the program, if they can't just be sent.

    Raises:
        EncodeError, SpendingError: as `submit_pubs`.
        OptionsError: an option that no quantum program can carry, where there is no ``sampler``.
    """
    program = program_for(mode, options)
    if program == "executor" and on_executor is not None:
        return on_executor()
    try:
        return submit_pubs(mode, program, prepared(program, pubs), options, approval=approval)
    except (InvalidRequestError, NotFoundError) as error:
        if program != "sampler" or not _NO_PROGRAM.search(error.detail):
            raise
        if options.program == "sampler":
            cure = "; options.program = 'auto' samples with the service's program executor"
            raise with_more(error, cure) from error
    logger.info("%s has no program sampler: jobs go to executor", backend_of(mode).client.url)
    _known(mode).lacks_sampler = True
    if on_executor is not None:
        return on_executor()
    return submit_pubs(mode, "executor", prepared("executor", pubs), options, approval=approval)


def _known(mode: Mode) -> Programs:
    return backend_of(mode).client.shared("programs", Programs)
