"""The three flows that IBM documents for its REST API, with nothing but requests."""

import time

import requests

from qiskit_rest_primitives.local import LocalService

BELL = """
OPENQASM 3;
include "stdgates.inc";
qreg q[2];
creg c[2];
x q[0];
cx q[0], q[1];
c[0] = measure q[0];
c[1] = measure q[1];
"""

NO_MEASUREMENT = """
OPENQASM 3;
include "stdgates.inc";
qreg q[2];
h q[0];
cx q[0], q[1];
"""

PARAMETRISED = """
OPENQASM 3;
include "stdgates.inc";
input float[64] theta;
input float[64] phi;
qreg q[1];
creg c[1];
rx(theta) q[0];
rz(phi) q[0];
c[0] = measure q[0];
"""

ESTIMATOR_OPTIONS = {
    "resilience": {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "zne": {"extrapolator": ["exponential", "linear"], "noise_factors": [1, 3, 5]},
    },
    "dynamical_decoupling": {
        "enable": True,
        "sequence_type": "XpXm",
        "extra_slack_distribution": "middle",
        "scheduling_method": "alap",
    },
    "twirling": {
        "enable_gates": True,
        "enable_measure": True,
        "num_randomizations": "auto",
        "shots_per_randomization": "auto",
        "strategy": "active-accum",
    },
}


def run_job(local: LocalService, program_id: str, params: dict) -> dict:
    """POST, poll, GET."""
    headers = {
        "Accept": "application/json",
        "Authorization": f"Bearer {local.token}",
        "Service-CRN": local.instance,
        "IBM-API-Version": "2026-04-15",
    }
    job = {"program_id": program_id, "backend": "statevector", "params": params}
    reply = requests.post(f"{local.url}/jobs", headers=headers, json=job, timeout=30)
    reply.raise_for_status()
    url = f"{local.url}/jobs/{reply.json()['id']}"
    while True:
        state = requests.get(url, headers=headers, timeout=30).json()["state"]
        if state["status"] not in ("Queued", "Running"):
            break
        time.sleep(0.05)
    if state["status"] != "Completed":
        raise RuntimeError(f"the job ended as {state}")
    return requests.get(f"{url}/results", headers=headers, timeout=30).json()


def main() -> dict[str, list]:
    with LocalService() as local:
        sampled = run_job(local, "sampler", {"pubs": [[BELL], [BELL, None, 500]], "version": 2})
        estimated = run_job(
            local,
            "estimator",
            {
                "pubs": [[NO_MEASUREMENT, {"II": 1, "XZ": 2.3}, None]],
                "options": ESTIMATOR_OPTIONS,
                "version": 2,
            },
        )
        swept = run_job(
            local,
            "sampler",
            {
                "pubs": [
                    [PARAMETRISED, {"theta": 1.57, "phi": 3.14}, 500],
                    [PARAMETRISED, [1, 2], 500],
                ],
                "version": 2,
            },
        )
    for index, pub in enumerate(sampled["results"]):
        samples = pub["data"]["c"]["samples"]
        print(f"sampler, PUB {index}: {len(samples)} samples, the first: {samples[:3]}")
    print(f"estimator: {estimated['results'][0]['data']['evs']:.2f}")
    for index, pub in enumerate(swept["results"]):
        ones = pub["data"]["c"]["samples"].count("0x1")
        print(f"sampler with parameters, PUB {index}: {ones} ones in 500 shots")
    return {
        "sampled": sampled["results"],
        "estimated": estimated["results"],
        "swept": swept["results"],
    }


if __name__ == "__main__":
    main()
