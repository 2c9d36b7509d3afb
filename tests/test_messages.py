"""Mistakes in the account that used to mislead: each message names the mistake and its cure."""

from __future__ import annotations

import pytest
import responses

from qiskit_rest_primitives import (
    AccountError,
    AuthenticationError,
    NotFoundError,
    QiskitRuntimeService,
    Session,
)
from qiskit_rest_primitives.local import LocalService
from tests.tokens import secret


def test_a_misspelt_channel() -> None:
    """It is a misspelt channel and no token, though both are long words."""
    with pytest.raises(AccountError) as caught:
        QiskitRuntimeService(channel="ibm_quantum_plattform", token=secret("any"))
    assert str(caught.value) == (
        "unknown channel 'ibm_quantum_plattform'; did you mean 'ibm_quantum_platform'?"
    )


@pytest.mark.parametrize("shape", ["apikey", "ready"])
def test_a_token_as_channel_is_not_shown(shape: str) -> None:
    """Code written for old clients passed the token first."""
    with pytest.raises(AccountError, match=r"^the channel looks like a token; pass it as token="):
        QiskitRuntimeService(secret(shape))


def test_a_url_without_a_version(local: LocalService) -> None:
    """Whatever is called first, the message has the url that was probably meant."""
    root = local.url.removesuffix("/v1")
    service = QiskitRuntimeService(url=root, token=local.token, instance=local.instance)
    for call in (service.backends, service.usage, lambda: service.job("some-id")):
        with pytest.raises(NotFoundError) as caught:
            call()
        assert f"has no version at its end: did you mean {root}/v1?" in str(caught.value)


def test_a_missing_job_is_no_matter_of_the_url(service: QiskitRuntimeService) -> None:
    """Neither with a right url, nor at a service whose url has no version."""
    with pytest.raises(NotFoundError) as caught:
        service.job("some-id")
    assert "version" not in str(caught.value)
    with responses.RequestsMock() as mock:
        body = {"errors": [{"code": 1291, "message": "Job not found."}]}
        mock.get("http://service.example/jobs/some-id", status=404, json=body)
        elsewhere = QiskitRuntimeService(url="http://service.example", token=secret("ready"))
        with pytest.raises(NotFoundError) as caught:
            elsewhere.job("some-id")
    assert "version" not in str(caught.value)


def test_a_wrong_instance_is_explained(local: LocalService) -> None:
    """The message speaks of the argument, not of the header that carries it."""
    service = QiskitRuntimeService(url=local.url, token=local.token, instance="my-instance")
    with pytest.raises(NotFoundError) as caught:
        service.backends()
    assert "Instance my-instance not found" in str(caught.value)
    assert "pass the CRN of one of your instances as instance=..." in str(caught.value)
    assert "Service-CRN" not in str(caught.value)


def test_a_wrong_token_says_where_to_put_a_right_one(local: LocalService) -> None:
    """The message says where to put a right one."""
    service = QiskitRuntimeService(url=local.url, token=secret("wrong"), instance=local.instance)
    for call in (service.backends, lambda: Session(service.backend("statevector"))):
        with pytest.raises(AuthenticationError) as caught:
            call()
        assert "pass a valid one as token=..., or in QISKIT_IBM_TOKEN" in str(caught.value)
        assert "Authorization" not in str(caught.value)
