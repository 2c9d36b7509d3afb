"""The retry policy: which errors are retried, for how long, and why. Change the numbers here.

`http.retry` applies them, and says in its docstring which part of the client retries what. Other
modules read ``retry_policies.NAME`` at the time of the call, so that a test can shorten a row.
Users set these in `Settings`: ``outage_seconds``, ``lookup_seconds`` and
``first_pause_seconds``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

RETRIABLE_CLIENT_ERRORS: Final = frozenset({408, 425, 429})
"""4xx statuses that do not mean the request is wrong; with all 5xx they count as an outage."""


# Pauses: they double from failure to failure, with 10 % of jitter. A `Retry-After` comes first.

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
"""Short enough to see the end of an outage soon."""
SHORTEST_PAUSE_SECONDS: Final = 0.1
"""After an attempt that itself took as long as the pause."""
LONGEST_RETRY_AFTER_SECONDS: Final = 60.0
"""How much of a ``Retry-After`` is honoured."""
VISIBLE_PAUSE_SECONDS: Final = 1.0
"""Pauses from this length on are logged as a warning, shorter ones as information."""


@dataclass(frozen=True)
class Limit:
    """How long one kind of error is retried: until its seconds and its attempts are both used up.

    Attributes:
        seconds: from the beginning of the first attempt that failed so.
        attempts: attempts that may fail so; the last of them is final.
        least_pause_seconds: the shortest pause after this error.
    """

    seconds: float = 0.0
    attempts: int = 1
    least_pause_seconds: float = 0.0


FOREVER: Final = Limit(math.inf)
"""Outages, for the poller and downloads: a caller's ``timeout`` ends the waiting, nothing else."""


# Reads and other calls that may be sent twice (PUT, PATCH, DELETE): the base client.

READ_OUTAGE: Final = Limit(attempts=4)
"""An outage of a service that answered before, for `Settings.outage_seconds`. All four attempts
are made, also if the first one alone took longer than that."""
READ_BUSY: Final = Limit(attempts=6)
"""The same, if the reply has ``Retry-After``: pauses may be as long as a minute."""
READ_BRIEF: Final = Limit(6.0)
"""An outage that may last: the service never answered (its url may be wrong), or it says 500."""
GARBLED: Final = Limit(attempts=3)
"""A reply that is not valid JSON; a proxy may have mangled it."""


# Calls with a side effect: submit a job, open a session, cancel, delete.
# While the outcome of an attempt is unknown: `Settings.lookup_seconds`.

UNREACHABLE_SECONDS: Final = 10.0
"""A service that never answered: its url may be wrong. Else `Settings.outage_seconds`."""
RATE_LIMITED: Final = Limit(600.0)
"""429 and 503: the service did nothing, and may be busy for minutes."""
REFUSED_TOKEN: Final = Limit(10.0)
"""401 to a token that was exchanged for an API key: a newer one may still be accepted."""
LOOKUPS: Final = 5
"""How often the job list is searched after a POST whose reply was lost: about eight seconds."""
SILENT_POST_SECONDS: Final = 20.0
"""Seconds between searches of the job list while a POST is unanswered: it may have made its job."""


# Tokens.

TOKEN_EXCHANGE: Final = Limit(8.5, attempts=2)
"""An outage of the identity service. Not longer: all calls wait for the token meanwhile."""


# The poller and downloads. Outages: FOREVER.

MISSING: Final = Limit(15.0, attempts=5)
"""404, no content, a garbled reply or a refused token, for a job that should be there: the job list
lags behind a submission, and the parts of a service agree only after a while."""
UNDECODABLE: Final = Limit(attempts=6)
"""A result that arrived whole and can't be decoded is fetched again; so is what a job was submitted
with, if the reply is garbled or there is none."""
DOWNLOAD_TIMEOUT_SECONDS: Final = 6.0
"""A download that is silent for this long starts again: its connection may be dead."""
LONGEST_DOWNLOAD_TIMEOUT_SECONDS: Final = 300.0
"""The same for a service that is well but slow, and for a result that can be read only once."""
POLL_TIMEOUT_SECONDS: Final = 6.0
"""A poll that takes longer counts as failed; a late reply is still used."""
