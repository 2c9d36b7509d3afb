"""What a result's metadata say of error mitigation, in words. In: metadata. Out: facts by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit_rest_primitives.display.html import number


def mitigation_of(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What was done to a job's circuits and results; empty if the metadata do not say.

    >>> mitigation_of({"resilience": {"measure_mitigation": True}})
    {'measurement errors': 'mitigated (TREX)'}
    """
    found: dict[str, str] = {}
    resilience = _mapping(metadata, "resilience")
    if resilience.get("measure_mitigation"):
        found["measurement errors"] = "mitigated (TREX)"
    if resilience.get("zne_mitigation"):
        zne = _mapping(resilience, "zne")
        factors = ", ".join(number(factor) for factor in zne.get("noise_factors") or ())
        fits = zne.get("extrapolator") or zne.get("extrapolators") or ()
        named = fits if isinstance(fits, str) else ", ".join(map(str, fits))
        found["zero-noise extrapolation"] = f"noise factors {factors}; fits {named}"
    if resilience.get("pec_mitigation"):
        found["probabilistic error cancellation"] = "yes"
    twirling = _mapping(metadata, "twirling")
    twirled = [name for name in ("gates", "measure") if twirling.get(f"enable_{name}")]
    if twirled:
        words = {"gates": "two-qubit gates", "measure": "measurements"}
        found["twirling"] = " and ".join(words[name] for name in twirled)
    decoupling = _mapping(metadata, "dynamical_decoupling")
    if decoupling.get("enable"):
        found["dynamical decoupling"] = str(decoupling.get("sequence_type") or "yes")
    return found


def mitigation_of_pub(metadata: Mapping[str, Any]) -> dict[str, str]:
    """What was done for one PUB."""
    found: dict[str, str] = {}
    if (circuits := metadata.get("num_randomizations")) is not None:
        found["random circuits"] = str(circuits)
    resilience = _mapping(metadata, "resilience")
    used = _mapping(resilience, "zne").get("extrapolator")
    if used is not None:
        found["fits that were used"] = ", ".join(sorted(set(_flat(used))))
    unreadable = metadata.get("unreadable_qubits")
    if unreadable:
        found["qubits that could not be read"] = ", ".join(map(str, unreadable))
    return found


def _mapping(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = metadata.get(name)
    return value if isinstance(value, Mapping) else {}


def _flat(value: Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [word for item in value for word in _flat(item)]
    return [str(value)]
