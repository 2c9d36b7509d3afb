"""POST /jobs of the program noise-learner: from the request to the result, and a refusal."""

from __future__ import annotations

import pytest

from tests.local.conftest import BELL, Api


def test_a_noise_learner_job_runs(api: Api) -> None:
    """The result has no layer, since none was to be learned, and the options."""
    pytest.importorskip("samplomatic")  # it needs Qiskit 2.3
    sent = {"circuits": [BELL], "options": {"max_layers_to_learn": 0, "support_qiskit": True}}
    job_id = api.run(program_id="noise-learner", params=sent)
    result = api.json(f"/jobs/{job_id}/results")
    assert result["data"] == []
    assert result["metadata"]["input_options"]["max_layers_to_learn"] == 0
    job = api.json(f"/jobs/{job_id}", exclude_params="false")
    assert (job["program"], job["params"]) == ({"id": "noise-learner"}, sent)


def test_version_3_names_the_way_that_works(api: Api) -> None:
    """The official NoiseLearnerV3 that posts this program is told of the one on executor."""
    sent = {"schema_version": "v0.3", "instructions": {}, "options": {}, "version": 3}
    reply = api.post_job(program_id="noise-learner", params=sent)
    assert reply.status_code == 400
    error = reply.json()["errors"][0]
    assert "use NoiseLearnerV3 of qiskit_ibm_runtime.executor_noise_learner" in error["message"]
    assert "params.version" in error["message"]
