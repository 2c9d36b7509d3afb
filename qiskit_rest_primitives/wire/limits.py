"""Numbers and names of the REST API that client and service share, each defined only here."""

from typing import Annotated, Final, TypeAlias

from msgspec import Meta

API_VERSION: Final = "2026-04-15"
"""API version that the client requests, and the newest that the embedded service supports."""

INT32_MAX: Final = 2_147_483_647
"""Largest shots, seed or count. Without a limit, msgspec reads integers of any length."""
Count: TypeAlias = Annotated[int, Meta(ge=1, le=INT32_MAX)]
CountOrZero: TypeAlias = Annotated[int, Meta(ge=0, le=INT32_MAX)]
NotNegative: TypeAlias = Annotated[float, Meta(ge=0)]

DEFAULT_SHOTS: Final = 4096
"""Shots of a sampler PUB for which none are set."""
DEFAULT_PRECISION: Final = 0.015625
"""Standard error of an estimator PUB for which none is set: 1/sqrt(4096)."""
DEFAULT_RESILIENCE_LEVEL: Final = 1
"""Level of error mitigation of an estimator's job that sets none."""

MAX_TAGS: Final = 8
MAX_TAG_LENGTH: Final = 86
MAX_JOB_SECONDS: Final = 10_800
"""Longest time on a device that a job may request."""
MAX_BODY_BYTES: Final = 50_000_000
"""Longest body of a request."""
MAX_EXECUTIONS: Final = 10_000_000
"""Most executions of a job on a device: circuits x parameter sets x shots."""
MAX_PAGE: Final = 200
"""Most jobs on one page of a list."""

BAD_CREDENTIALS: Final = 1201
"""Code of a 401: the token is wrong or expired."""
INSTANCE_NOT_FOUND: Final = 1279
"""Code of a 404: there is no such instance, or it is not the user's."""
INVALID_JOB: Final = 1002
"""Reason code of a job that was refused before it ran."""
RAN_TOO_LONG: Final = 1305
"""Reason code of a job that exceeded its max_execution_time."""
LIMIT_REACHED: Final = 1290
"""Code of a 429 that no pause cures if it has no Retry-After: a limit of the user is reached."""

API_KEY_GRANT: Final = "urn:ibm:params:oauth:grant-type:apikey"
"""``grant_type`` of a request to the identity service that exchanges an API key for a token."""
