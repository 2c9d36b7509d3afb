"""Saved accounts: find the one to use, list, save and delete them, as the official client does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qiskit_rest_primitives.account import validate
from qiskit_rest_primitives.account.account_file import account_path, read_accounts, write_accounts
from qiskit_rest_primitives.account.secret import Secret, hide, revealed
from qiskit_rest_primitives.account.validate import DEFAULT_CHANNEL
from qiskit_rest_primitives.errors import AccountError

DEFAULT_NAMES: Final = {
    "ibm_cloud": "default-ibm-cloud",
    "ibm_quantum_platform": "default-ibm-quantum-platform",
    "local": "default-local",
}
RETIRED_CHANNEL: Final = "ibm_quantum"
HOW_TO_HAVE_ONE: Final = (
    "pass token=... and instance=..., set QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE, save one with "
    "QiskitRuntimeService.save_account(...), or start a service of your own with "
    "QiskitRuntimeService(channel='local')"
)


def save_account(
    token: str | Secret[str] | None = None,
    url: str | None = None,
    instance: str | None = None,
    channel: str | None = None,
    filename: str | None = None,
    name: str | None = None,
    proxies: Mapping[str, Any] | None = None,
    verify: bool | str | None = None,
    overwrite: bool | None = False,
    set_as_default: bool | None = None,
    private_endpoint: bool | None = False,
    region: str | None = None,
    plans_preference: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Saves an account in a file that the official client reads as well, mode 600.

    Args:
        token: API key or bearer token.
        url: root of the service's API; default IBM's cloud.
        instance: CRN of the instance.
        channel: "ibm_quantum_platform" (default), "ibm_cloud" or "local".
        filename: where; default ``~/.qiskit/qiskit-ibm.json``.
        name: the account's name; default ``default-ibm-quantum-platform`` and the like.
        proxies: scheme -> URL, or ``{"urls": {...}}``.
        verify: TLS verification: True, False or the path of a CA bundle.
        overwrite: replace an account of that name, and another default.
        set_as_default: use it when no name is given.
        private_endpoint: use the service's private addresses.
        region: preferred region.
        plans_preference: kept for the official client, which picks an instance by it.
        tags: kept for the official client, which picks an instance by them.

    Raises:
        AccountError: a part is malformed, the name is taken, or the file can't be written.

    >>> file = str(folder / "accounts.json")
    >>> options = {"url": local.url, "channel": "local", "name": "mine", "filename": file}
    >>> QiskitRuntimeService.save_account(token=local.token, **options)
    >>> QiskitRuntimeService(name="mine", filename=file).backend("statevector").name
    'statevector'
    """
    token, proxies, url = hide(token), hide(proxies), validate.without_secrets(url)
    channel = validate.hide_misplaced_token(channel)
    channel = validate.check_channel(channel or DEFAULT_CHANNEL)
    url = validate.check_url(url or validate.default_url(instance))
    if instance is not None and instance != "auto":
        instance = validate.check_instance(instance, ibm=validate.is_ibm(url))
    urls = validate.check_proxies(proxies)
    account: dict[str, Any] = {
        "channel": channel,
        "token": validate.check_token(token, exchanged=validate.exchanges(url, channel)),
        "url": url,
        "instance": instance,
        "region": validate.check_region(region) if region else None,
        "verify": None if verify is None else validate.check_verify(verify),
        "proxies": {"urls": urls} if urls else None,
        "private_endpoint": bool(private_endpoint),
        "plans_preference": None if plans_preference is None else list(plans_preference),
        "tags": None if tags is None else list(tags),
        "is_default_account": True if set_as_default else None,
    }
    accounts = read_accounts(filename)
    name = name or DEFAULT_NAMES[channel]
    if name in accounts and not overwrite:
        raise AccountError(f"an account named {name!r} is saved already; pass overwrite=True")
    for other, saved in accounts.items():
        if set_as_default and other != name and saved.get("is_default_account"):
            if not overwrite:
                raise AccountError(
                    f"{other!r} is the default account already; pass overwrite=True to change that"
                )
            del saved["is_default_account"]
    accounts[name] = {key: value for key, value in account.items() if value is not None}
    write_accounts(filename, accounts)


def saved_accounts(
    default: bool | None = None,
    channel: str | None = None,
    filename: str | None = None,
    name: str | None = None,
) -> dict[str, dict[str, Any]]:
    """The saved accounts by name; ``["token"].reveal()`` gives a token, and proxies likewise.

    Args:
        default: True for those with a default name, False for the others, None for all.
        channel: only accounts of this channel.
        filename: the file; default ``~/.qiskit/qiskit-ibm.json``.
        name: only the account of this name.
    """
    return {
        key: {"verify": True, **saved, "token": Secret(str(revealed(saved.get("token", ""))))}
        for key, saved in read_accounts(filename).items()
        if saved.get("channel") != RETIRED_CHANNEL
        and (name is None or key == name)
        and (channel is None or saved.get("channel") == channel)
        and (default is None or default == (key in (*DEFAULT_NAMES.values(), "default")))
    }


def delete_account(
    filename: str | None = None, name: str | None = None, channel: str | None = None
) -> bool:
    """Deletes a saved account; whether there was one.

    Args:
        filename: the file; default ``~/.qiskit/qiskit-ibm.json``.
        name: the account; default the channel's default name.
        channel: default "ibm_quantum_platform".
    """
    accounts = read_accounts(filename)
    name = name or DEFAULT_NAMES[validate.check_channel(channel or DEFAULT_CHANNEL)]
    if accounts.pop(name, None) is None:
        return False
    write_accounts(filename, accounts)
    return True


def find_account(
    channel: str | None, url: str | None, name: str | None, filename: str | None
) -> tuple[str, dict[str, Any]]:
    """The saved account with that name, for that url, or the default one."""
    path = account_path(filename)
    url = validate.without_secrets(url)
    accounts = read_accounts(filename)
    if name is not None:
        if name not in accounts:
            known = ", ".join(sorted(accounts)) or "none"
            raise AccountError(f"no account named {name!r} in {path}; there are: {known}")
        found = accounts[name]
        if url is not None and not _same_service(found, url):
            raise AccountError(
                f"account {name!r} was saved for {_home(found)}, so its token is not "
                f"sent to {url}; pass token=... as well"
            )
        return name, found
    if url is not None:
        accounts = {key: saved for key, saved in accounts.items() if _same_service(saved, url)}
    picked = _pick(accounts, channel)
    if picked is None:
        what = f" for {url}" if url else f" for channel {channel!r}" if channel else ""
        raise AccountError(f"no account{what}: {HOW_TO_HAVE_ONE}; looked in {path}")
    return picked


def _home(saved: Mapping[str, Any]) -> str:
    return validate.without_secrets(saved.get("url")) or validate.IBM_URL


def _same_service(saved: Mapping[str, Any], url: str) -> bool:
    home = _home(saved)
    wanted = validate.check_url(url)
    if validate.is_ibm(home) and validate.is_ibm(wanted):
        # One key for all of IBM's regions, but not for staging.
        return validate.is_staging_url(home) == validate.is_staging_url(wanted)
    return home.rstrip("/") == wanted


def _pick(
    accounts: dict[str, dict[str, Any]], channel: str | None
) -> tuple[str, dict[str, Any]] | None:
    """The account to use when none is named, chosen as the official client does.

    The one marked as default first, then channel ``ibm_quantum_platform``, then a default name,
    then any; only accounts of the given channel if there is one.
    """
    usable = [
        (name, account)
        for name, account in accounts.items()
        if account.get("channel") != RETIRED_CHANNEL
        and channel in (None, account.get("channel", DEFAULT_CHANNEL))
    ]

    def rank(item: tuple[str, dict[str, Any]]) -> tuple[bool, bool, bool]:
        name, account = item
        other = account.get("channel", DEFAULT_CHANNEL) != DEFAULT_CHANNEL
        return (not account.get("is_default_account"), other, name not in DEFAULT_NAMES.values())

    return min(usable, key=rank, default=None)
