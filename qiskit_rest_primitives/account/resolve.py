"""An account put together from arguments, environment and the saved account. No HTTP."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from qiskit_rest_primitives.account import validate
from qiskit_rest_primitives.account.account_file import SECRET_FIELDS
from qiskit_rest_primitives.account.saved import find_account
from qiskit_rest_primitives.account.secret import HiddenUrls, Secret, hide
from qiskit_rest_primitives.errors import AccountError

logger = logging.getLogger(__name__)

ENVIRONMENT: Final = ("token", "url", "instance", "channel", "region")
"""Fields that ``QISKIT_IBM_<FIELD>`` sets."""


@dataclass(frozen=True)
class Account:
    """A checked account: url, token and instance. `resolve_account` makes it.

    It pickles without its token: unpickled, the token is looked up again in the environment or
    the saved account.

    Attributes:
        channel: "ibm_quantum_platform", "ibm_cloud" or "local".
        token: API key or bearer token; ``token.reveal()`` gives the text.
        url: IBM's cloud, or the root of a service's API.
        instance: CRN, sent as ``Service-CRN``; may be None where the service is not IBM's.
        region: preferred region; the one in the CRN wins.
        verify: TLS verification: True, False or the path of a CA bundle.
        proxies: scheme -> URL as in requests, or None.
        private_endpoint: use the service's private addresses.
        name: the saved account's name, or None.
        filename: the saved account's file, or None for the default one.

    >>> account = service.client.account
    >>> account.token, account.token_kind
    (<hidden>, 'bearer')
    """

    channel: str
    token: Secret[str]
    url: str
    instance: str | None = None
    region: str | None = None
    verify: bool | str = True
    proxies: HiddenUrls | None = field(default=None, repr=False)
    private_endpoint: bool = False
    name: str | None = None
    filename: str | None = None

    @property
    def api_url(self) -> str:
        """Root of the REST API, without a slash at the end.

        IBM's cloud becomes the host of the CRN's region; any other URL is used as it is.
        """
        if not validate.is_ibm_root(self.url):
            bare_ibm = validate.is_ibm(self.url) and self.url.count("/") == 2
            return f"{self.url}/api/v1" if bare_ibm else self.url
        host = self.url.split("://", 1)[1].split("/", 1)[0]
        region = validate.region_of(self.instance) or self.region or "us-east"
        if self.private_endpoint:
            return f"https://private.{region}.quantum.{host}/api/v1"
        # us-east has no prefix: qiskit_ibm_runtime.api.utils.default_runtime_url_resolver
        prefix = "" if region == "us-east" else f"{region}."
        return f"https://{prefix}quantum.{host}/api/v1"

    @property
    def auth_url(self) -> str:
        """Where an API key is exchanged for a bearer token; ``IAM_URL`` overrides the host."""
        if base := validate.without_secrets(os.environ.get("IAM_URL")):
            return validate.check_url(base) + "/identity/token"
        private = "private." if self.private_endpoint else ""
        staging = validate.is_staging(self.instance) or validate.is_staging_url(self.url)
        return f"https://{private}iam.{'test.' if staging else ''}cloud.ibm.com/identity/token"

    @property
    def token_kind(self) -> Literal["apikey", "bearer"]:
        """Whether the token is exchanged first or sent as it is.

        It is sent as it is when it looks like a JSON web token, or when the service is not IBM's
        (unless ``IAM_URL`` names an identity service, which the channel "local" has no use for).
        """
        if validate.is_bearer(self.token.reveal()) or not validate.exchanges(
            self.url, self.channel
        ):
            return "bearer"
        return "apikey"

    def __reduce__(self) -> Any:
        kept = {name: value for name, value in vars(self).items() if name not in SECRET_FIELDS}
        return partial(resolve_account, **kept), ()


def as_saved(account: Account) -> dict[str, Any]:
    """The fields as the official client saves them; token and proxies stay hidden."""
    known = {
        "channel": account.channel,
        "token": account.token,
        "url": account.url,
        "instance": account.instance,
        "region": account.region,
        "verify": account.verify,
        "proxies": {"urls": account.proxies} if account.proxies else None,
        "private_endpoint": account.private_endpoint,
    }
    return {key: value for key, value in known.items() if value is not None}


def resolve_account(
    channel: str | None = None,
    token: str | Secret[str] | None = None,
    instance: str | None = None,
    url: str | None = None,
    region: str | None = None,
    verify: bool | str | None = None,
    proxies: Mapping[str, Any] | None = None,
    private_endpoint: bool = False,
    name: str | None = None,
    filename: str | None = None,
) -> Account:
    """Puts an account together: arguments before environment before the saved account.

    The token decides: a token given as an argument or in ``QISKIT_IBM_TOKEN`` is completed by the
    other arguments and the environment, a saved one also by its saved account. A saved token is
    sent to the service it was saved for and to no other.

    Args:
        channel: "ibm_quantum_platform" (default), "ibm_cloud" or "local".
        token: API key or bearer token.
        instance: CRN of the instance.
        url: root of the service's API; default IBM's, in the region of the CRN.
        region: preferred region, such as "eu-de"; the one in the CRN wins.
        verify: TLS verification: True (default), False or the path of a CA bundle.
        proxies: scheme -> URL, or the official client's ``{"urls": {...}}``.
        private_endpoint: use the service's private addresses.
        name: name of a saved account; the environment's token is then not used.
        filename: file of saved accounts; default ``~/.qiskit/qiskit-ibm.json``.

    Raises:
        AccountError: there is no account, or a part of it is malformed.
    """
    token, proxies, url = hide(token), hide(proxies), validate.without_secrets(url)
    channel = validate.hide_misplaced_token(channel)
    environment: dict[str, Any] = {
        key: os.environ.get(f"QISKIT_IBM_{key.upper()}") for key in ENVIRONMENT
    }
    environment["token"] = hide(environment["token"])
    environment["url"] = validate.without_secrets(environment["url"])
    given: dict[str, Any] = {
        "channel": channel,
        "token": token,
        "instance": instance,
        "url": url,
        "region": region,
    }
    given = {key: given[key] or environment[key] for key in given}
    if channel is not None:
        validate.check_channel(channel)
    saved: dict[str, Any] = {}
    if not token and (name or filename or not environment["token"]):
        name, saved = find_account(channel or environment["channel"], url, name, filename)
        given |= {"token": saved.get("token"), "url": validate.without_secrets(saved.get("url"))}
        given["channel"] = saved.get("channel") or given["channel"]
        if instance is None:
            given["instance"] = environment["instance"] or saved.get("instance")
        given["region"] = given["region"] or saved.get("region")
        private_endpoint = private_endpoint or bool(saved.get("private_endpoint"))
    else:
        name = None
    if verify is None:
        verify = saved.get("verify", True)
    return _checked(
        given, verify, proxies or saved.get("proxies"), bool(private_endpoint), name, filename
    )


def _checked(
    given: Mapping[str, Any],
    verify: Any,
    proxies: Any,
    private_endpoint: bool,
    name: str | None,
    filename: str | None,
) -> Account:
    channel = validate.check_channel(given["channel"] or validate.DEFAULT_CHANNEL)
    if channel == "local" and not given["url"]:
        raise AccountError(
            "channel 'local' needs a url and a token, as `qiskit-rest serve` prints them; "
            "QiskitRuntimeService(channel='local') alone starts a service of its own"
        )
    url = validate.check_url(given["url"] or validate.default_url(given["instance"]))
    instance = validate.check_instance(given["instance"], ibm=validate.is_ibm(url))
    region = validate.check_region(given["region"]) if given["region"] else None
    actual = validate.region_of(instance)
    if region and actual and region != actual:
        logger.warning("region %s is not the instance's region; using %s", region, actual)
    return Account(
        channel=channel,
        token=validate.check_token(given["token"], exchanged=validate.exchanges(url, channel)),
        url=url,
        instance=instance,
        region=region,
        verify=validate.check_verify(verify),
        proxies=validate.check_proxies(proxies),
        private_endpoint=private_endpoint,
        name=name,
        filename=filename,
    )
