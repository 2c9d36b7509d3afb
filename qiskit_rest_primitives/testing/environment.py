"""The account that code under test finds in the environment."""

from __future__ import annotations


def environment_of(url: str, token: str, instance: str = "") -> dict[str, str]:
    """Variables with which `QiskitRuntimeService()` has this account, whatever is saved.

    Args:
        url: root of the API.
        token: of the service.
        instance: CRN; "" for a service that needs none.
    """
    variables = {"CHANNEL": "local", "URL": url, "TOKEN": token, "INSTANCE": instance, "REGION": ""}
    return {f"QISKIT_IBM_{name}": value for name, value in variables.items()}
