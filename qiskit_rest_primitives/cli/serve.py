"""`qiskit-rest serve`: its options; `local.serve` does the work."""

from __future__ import annotations

from typing import Any

import click

from qiskit_rest_primitives.cli.prune import keep_bytes_option, older_than_option
from qiskit_rest_primitives.local.serve import DEFAULT_PORT, LOG_FORMATS, run
from qiskit_rest_primitives.wire.limits import MAX_BODY_BYTES, MAX_JOB_SECONDS

POSITIVE = click.FloatRange(0, min_open=True)

EPILOG = """\b
Examples:
  qiskit-rest serve --port 8000 --workers 2
  qiskit-rest serve --host 0.0.0.0 --allow-host lab.example --data-dir jobs

\b
`qiskit-rest user add` names users in the data folder, before the start or later.
"""


@click.command(epilog=EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=DEFAULT_PORT, show_default=True, help="0: a free one.")
@click.option(
    "--token-file",
    metavar="FILE",
    help="Users, one a line: NAME TOKEN [admin] [CRN ...]; read again when it changes.",
)
@click.option("--certfile", metavar="FILE", help="Certificate chain for TLS, in PEM.")
@click.option("--keyfile", metavar="FILE", help="Private key of the certificate, in PEM.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="More Host names.")
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Web pages that may call it, as http://localhost:3000; * for all.",
)
@click.option(
    "--cap",
    "caps",
    multiple=True,
    metavar="NAME=N",
    help="Limit every user: qubits=20, or qubits=none for no limit. See docs/serving.md.",
)
@click.option("--data-dir", metavar="DIR", help="Keep jobs and users here over restarts.")
@click.option(
    "--drain",
    is_flag=True,
    help="When stopped, refuse new jobs, finish all others, then end. Without it, the next start"
    " runs unfinished jobs again.",
)
@older_than_option
@keep_bytes_option
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help="Serve the Qiskit backends that it returns, too; MODULE may be in this folder.",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="NAME=noise:FACTOR",
    help="Scale the noise of a device: fake_27q=noise:2.0; 0 turns it off.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Worker processes for simulations; with --slurm, their largest number.",
)
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster that simulates.")
@click.option(
    "--slurm",
    metavar="OPTIONS",
    help="Simulate in Slurm jobs with these sbatch options, such as '--partition=cpu'.",
)
@click.option("--gpu", is_flag=True, help="Let Aer use the GPU of the workers.")
@click.option(
    "--faults", is_flag=True, help="Let administrators make chosen calls fail: POST /faults."
)
@click.option(
    "--time-limit",
    type=POSITIVE,
    default=MAX_JOB_SECONDS,
    show_default=True,
    metavar="S",
    help="Longest job, in seconds.",
)
@click.option(
    "--token-lifetime",
    type=POSITIVE,
    default=3600.0,
    show_default=True,
    metavar="S",
    help="Lifetime of issued tokens, in seconds.",
)
@click.option(
    "--max-body-mb",
    type=POSITIVE,
    default=MAX_BODY_BYTES / 1e6,
    show_default=True,
    metavar="MB",
    help="Largest request.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="info: a line a job; debug: a line a request as well.",
)
@click.option(
    "--log-format",
    type=click.Choice(LOG_FORMATS),
    default=LOG_FORMATS[0],
    show_default=True,
    help="Format of the log on stderr.",
)
@click.pass_context
def serve(context: click.Context, **options: Any) -> None:
    """Start the embedded service, and serve until Ctrl-C.

    Stdout has the URL and how to call it; stderr has a line for each job that ended: time, user,
    job, program, backend, state, seconds since its submission, and why it has no result.
    """
    context.exit(run(**options))
