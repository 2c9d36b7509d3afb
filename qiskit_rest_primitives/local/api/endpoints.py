"""The endpoints of the API: which method and path leads to which handler."""

from __future__ import annotations

from qiskit_rest_primitives.local.api import (
    account,
    analytics,
    backends,
    create_job,
    discovery,
    jobs,
    sessions,
    workloads,
)
from qiskit_rest_primitives.local.api.endpoint_steps import Handler

HANDLERS: list[tuple[str, str, Handler]] = [
    ("GET", "/jobs/{job_id}", jobs.get_job),
    ("GET", "/jobs/{job_id}/results", jobs.job_results),
    ("POST", "/jobs", create_job.create_job),
    ("GET", "/jobs", jobs.list_jobs),
    ("DELETE", "/jobs/{job_id}", jobs.delete_job),
    ("GET", "/jobs/{job_id}/logs", jobs.job_logs),
    ("GET", "/jobs/{job_id}/metrics", jobs.job_metrics),
    ("GET", "/jobs/{job_id}/transpiled_circuits", jobs.transpiled_circuits),
    ("GET", "/jobs/{job_id}/interim_results", jobs.interim_results),
    ("POST", "/jobs/{job_id}/cancel", jobs.cancel_job),
    ("PUT", "/jobs/{job_id}/tags", jobs.set_tags),
    ("POST", "/sessions", sessions.create_session),
    ("GET", "/sessions/{session_id}", sessions.get_session),
    ("PATCH", "/sessions/{session_id}", sessions.update_session),
    ("DELETE", "/sessions/{session_id}/close", sessions.close_session),
    ("GET", "/backends", backends.list_backends),
    ("GET", "/backends/{name}/configuration", backends.configuration),
    ("GET", "/backends/{name}/properties", backends.properties),
    ("GET", "/backends/{name}/status", backends.status),
    ("GET", "/backends/{name}/defaults", backends.defaults),
    ("GET", "/tags", account.search_tags),
    ("GET", "/workloads", workloads.list_workloads),
    ("GET", "/instance", account.instance),
    ("GET", "/instances/usage", account.usage),
    # The path of an older guide.
    ("GET", "/usage", account.usage),
    ("GET", "/instances/configuration", account.get_instance_limit),
    ("PUT", "/instances/configuration", account.set_instance_limit),
    ("GET", "/accounts/{account_id}", account.account_plans),
    ("GET", "/analytics/filters", analytics.filters),
    ("GET", "/analytics/usage", analytics.usage),
    ("GET", "/analytics/usage_grouped", analytics.usage_grouped),
    ("GET", "/analytics/usage_grouped_by_date", analytics.usage_grouped_by_date),
    # Of the global catalogue, which is below /api/v1 as well.
    ("GET", f"/{account.PLAN}", discovery.catalogue_entry),
]
"""The API; `CLOUD_HANDLERS`, `page_data.PAGE_HANDLERS` and `faults.fault_routes` have the rest."""

CLOUD_HANDLERS: list[tuple[str, str, Handler]] = [
    ("POST", "/v3/resources/search", discovery.search),
    ("GET", "/v2/resource_instances", discovery.resource_instances),
]
"""Endpoints of IBM's cloud that are not below a prefix."""
