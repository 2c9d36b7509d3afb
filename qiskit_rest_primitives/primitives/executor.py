"""Executor: run(program) -> encode -> POST -> RestJob with a QuantumProgramResult."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qiskit.providers import BackendV2

from qiskit_rest_primitives.circuits.isa import check_isa, check_rzz_values
from qiskit_rest_primitives.errors import EncodeError, ISAError
from qiskit_rest_primitives.jobs.experiments.recording import open_recorder
from qiskit_rest_primitives.jobs.job import RestJob
from qiskit_rest_primitives.jobs.spending import Approval
from qiskit_rest_primitives.options.executor_options import (
    ExecutorOptions,
    encode_executor_options,
)
from qiskit_rest_primitives.primitives.base import RestPrimitive
from qiskit_rest_primitives.primitives.encoded_program import (
    encode_program,
    is_samplex_item,
    sweeps_of_program,
)
from qiskit_rest_primitives.primitives.mode import Mode, backend_of, mock_of
from qiskit_rest_primitives.primitives.quantum_program import QuantumProgram
from qiskit_rest_primitives.primitives.request import JobSubmission, submit_job
from qiskit_rest_primitives.service.session import Session

if TYPE_CHECKING:
    from qiskit_rest_primitives.jobs.results.program_result import QuantumProgramResult
    from qiskit_rest_primitives.primitives.estimate import RunEstimate

    class ProgramJob(RestJob):
        """`RestJob` for type checkers: its result is that of a quantum program."""

        def result(  # pyright: ignore[reportIncompatibleMethodOverride] - see above
            self,
            timeout: float | None = None,
            decoder: None = None,
            poll_interval: float | None = None,
            *,
            progress: bool | None = None,
        ) -> QuantumProgramResult:
            """The result of the program; arguments and errors are those of `RestJob.result`."""
            ...


class Executor(RestPrimitive[ExecutorOptions]):
    """Runs quantum programs on a service that has the program ``executor``.

    Args:
        mode: a backend of a service, a `Session` or a `Batch`; None for that of the surrounding
            ``with``. Any other `BackendV2` is put behind the embedded service of this process.
        options: `ExecutorOptions` or a nested dict.

    Raises:
        BackendError: there is nothing to run on.
        OptionsError: an option's name, type or range.

    >>> program = QuantumProgram(shots=100)
    >>> program.append_circuit_item(bell)
    >>> job = Executor(backend).run(program)
    >>> job.primitive_id, job.result()[0]["meas"].shape
    ('executor', (100, 2))
    """

    _options_class = ExecutorOptions

    def __init__(
        self,
        mode: BackendV2 | Session | None = None,
        options: ExecutorOptions | Mapping[str, Any] | None = None,
    ):
        super().__init__(mode, options, None, {})

    def run(self, program: QuantumProgram | Any, dry_run: bool = False) -> ProgramJob:
        """Submits one job.

        Args:
            program: a `QuantumProgram`, or one of samplomatic or of the official client.
            dry_run: check the job on the device's mock, without queue and with random results,
                where the service has one.

        Returns:
            The job's handle; its result is a `QuantumProgramResult`. Shapes are those of the items,
            followed by shots and bits; bit 0 of a register comes first.

        Raises:
            EncodeError: something that can't be sent, with the number of the item.
            ISAError: a circuit that the device can't run.
            OptionsError: an option that no quantum program can carry.
            SpendingError: the service's `Settings` do not allow a run that takes so long.

        >>> program = QuantumProgram(shots=10)
        >>> program.append_circuit_item(bell)
        >>> job = Executor(backend, options={"simulator": {"seed_simulator": 7}}).run(program)
        >>> bits = job.result()[0]["meas"]
        >>> bool((bits[:, 0] == bits[:, 1]).all())
        True
        """
        mode = mock_of(self.backend()) if dry_run else self._mode
        submission = self._submission(mode, program)
        if dry_run:
            return _typed(submit_job(submission))
        own = program if isinstance(program, QuantumProgram) else QuantumProgram.from_(program)
        with Approval(self.backend(), lambda: self._estimate(own, submission)) as approval:
            return _typed(submit_job(submission.approved(approval)))

    def estimate(self, program: QuantumProgram | Any) -> RunEstimate:
        """What `run` would send and a device would run, before anything is sent.

        Args:
            program: as for `run`.

        Raises:
            EncodeError, ISAError, OptionsError: as `run`.

        >>> device = service.backend("fake_5q")
        >>> program = QuantumProgram(shots=1000)
        >>> program.append_circuit_item(transpile(bell, device))
        >>> Executor(device).estimate(program).executions
        1000
        """
        own = program if isinstance(program, QuantumProgram) else QuantumProgram.from_(program)
        return self._estimate(own, self._submission(self._mode, own))

    def _submission(self, mode: Mode, program: Any) -> JobSubmission:
        if not isinstance(program, QuantumProgram):
            if not hasattr(program, "items") or not hasattr(program, "shots"):
                raise EncodeError(f"expected a QuantumProgram, not {type(program).__name__}")
            program = QuantumProgram.from_(program)
        wire = encode_executor_options(self._options)
        if self._options.isa_check:
            _check_isa(program, mode)
        encoded = encode_program(program, in_session=isinstance(mode, Session))
        if not encoded.is_text and open_recorder() is not None:
            raise EncodeError(
                "a program with samplexes or boxes can't be part of an Experiment, because a later "
                "process can't tell that it is the same program: run it outside the with block"
            )
        params = {**encoded.params, **wire.params}
        return JobSubmission.with_params(mode, "executor", params, wire.job, encoded.items)

    def _estimate(self, program: QuantumProgram, submission: JobSubmission) -> RunEstimate:
        from qiskit_rest_primitives.primitives.estimate import estimate_program

        size = len(submission.encoded(""))
        return estimate_program(
            self.backend(), sweeps_of_program(program), submission.body["params"]["options"], size
        )


def _typed(job: RestJob) -> ProgramJob:
    return job  # pyright: ignore[reportReturnType] - the class is one for type checkers only


def _check_isa(program: QuantumProgram, mode: Mode) -> None:
    """Checks circuits against the device; values that samplexes draw are checked by the service."""
    backend = backend_of(mode)
    if backend.simulator:
        return
    for number, item in enumerate(program.items):
        try:
            check_isa(item.circuit, backend.target, pub_index=number)
            if not is_samplex_item(item):
                values = getattr(item, "circuit_arguments")  # noqa: B009 - of any package's class
                check_rzz_values(item.circuit, values, backend.target, pub_index=number)
        except ISAError as error:
            raise ISAError(str(error).replace(f"PUB {number}:", f"item {number}:", 1)) from None
