"""Endpoints of the API that have nothing to tell here, called with plain requests."""

from __future__ import annotations

import pytest

from tests.local.conftest import ALICE, BOB, Api


def test_no_circuits_are_transpiled(api: Api, bob: Api) -> None:
    """There is no file to download; another's job is not found."""
    path = f"/jobs/{api.run()}/transpiled_circuits"
    assert api.json(path) == {"url": ""}
    assert bob.get(path).status_code == 404


def test_no_interim_results(api: Api, bob: Api) -> None:
    """204 without a body, as for a job without a result."""
    path = f"/jobs/{api.run()}/interim_results"
    reply = api.get(path)
    assert (reply.status_code, reply.content) == (204, b"")
    assert bob.get(path).status_code == 404


@pytest.mark.parametrize("crn", ALICE.instances)
def test_an_account_s_plans(api: Api, crn: str) -> None:
    """The one plan with all backends; another's account is not found."""
    account = crn.split(":a/")[1].split(":")[0]
    [plan] = api.json(f"/accounts/{account}")["plans"]
    assert plan["plan_id"] == api.json("/instance")["plan_id"]
    assert "statevector" in plan["backends"]
    other = BOB.instances[0].split(":a/")[1].split(":")[0]
    for unknown in (other, account[:-1], "x"):
        assert api.get(f"/accounts/{unknown}").status_code == 404
