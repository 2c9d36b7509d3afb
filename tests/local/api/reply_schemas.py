"""JSON Schemas of the replies, written from the API's description: required fields and types.

Fields beyond these are allowed: clients ignore what they don't know.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
NULL: Schema = {"type": "null"}
TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}


def obj(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these fields."""
    properties = required | (optional or {})
    return {"type": "object", "required": list(required), "properties": properties}


def items(schema: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": schema}


def maybe(schema: Schema) -> Schema:
    """This, or null."""
    return {"anyOf": [schema, NULL]}


def one_of(*values: str) -> Schema:
    """One of these texts."""
    return {"enum": list(values)}


USAGE = obj({"qpu_charge_time_seconds": NUMBER, "status": one_of("pending", "complete")})
STATE = obj(
    {"status": one_of("Queued", "Running", "Completed", "Cancelled", "Failed")},
    {
        "reason": TEXT,
        "reason_code": {"type": "integer", "minimum": 1000, "maximum": 9999},
        "reason_solution": TEXT,
    },
)
JOB = obj(
    {
        "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
        "created": TIME,
        "program": obj({"id": TEXT}),
        "state": STATE,
        "status": one_of(
            "Queued", "Running", "Completed", "Cancelled", "Cancelled - Ran too long", "Failed"
        ),
        "cost": INTEGER,
    },
    {
        "backend": TEXT,
        "params": {"type": "object"},
        "tags": items(TEXT),
        "session_id": TEXT,
        "user_id": TEXT,
        "usage": USAGE,
        "private": {"const": True},
        "estimated_running_time_seconds": NUMBER,
        "calibration_id": TEXT,
        "runtime": TEXT,
        "position_in_queue": INTEGER,
    },
)
# Until 2026-03-15, and without a version; what generated clients of that time require.
OLDER_JOB = JOB | {
    "required": [*JOB["required"], "usage"],
    "properties": JOB["properties"] | {"usage": obj({"seconds": NUMBER})},
}
JOB_CREATED = obj({"id": TEXT, "backend": TEXT}, {"session_id": TEXT, "private": BOOLEAN})
JOBS = obj({"jobs": items(JOB), "count": INTEGER, "offset": INTEGER, "limit": INTEGER})
OLDER_JOBS = obj(
    {"jobs": items(OLDER_JOB)}, {"count": INTEGER, "offset": INTEGER, "limit": INTEGER}
)
METRICS = obj(
    {
        "timestamps": obj({"created": TIME, "running": maybe(TIME), "finished": maybe(TIME)}),
        "usage": USAGE,
    },
    {
        "caller": TEXT,
        "circuits_execution_time_ns": INTEGER,
        "qiskit_version": TEXT,
        "position_in_queue": INTEGER,
    },
)
PLAIN_RESULT = obj(
    {
        "results": items(
            obj(
                {
                    "data": {
                        "type": "object",
                        "additionalProperties": obj({"samples": items(TEXT), "num_bits": INTEGER}),
                    },
                    "metadata": {"type": "object"},
                }
            )
        ),
        "metadata": {"type": "object"},
    }
)
PLAIN_NUMBERS = obj(
    {
        "results": items(
            obj(
                {
                    "data": {"type": "object", "additionalProperties": NUMBER},
                    "metadata": {"type": "object"},
                }
            )
        ),
        "metadata": {"type": "object"},
    }
)
SESSION = obj(
    {
        "id": TEXT,
        "backend_name": maybe(TEXT),
        "mode": one_of("batch", "dedicated"),
        "state": one_of("open", "active", "inactive", "closed"),
        "accepting_jobs": BOOLEAN,
        "interactive_ttl": maybe(INTEGER),
        "max_ttl": maybe(INTEGER),
    },
    {
        "started_at": maybe(TIME),
        "activated_at": maybe(TIME),
        "closed_at": maybe(TIME),
        "last_job_started": maybe(TIME),
        "last_job_completed": maybe(TIME),
        "timestamps": items(obj({"status": TEXT, "timestamp": TIME})),
        "user_id": TEXT,
        "elapsed_time": maybe(NUMBER),
    },
)
METRIC = obj({"value": NUMBER}, {"unit": TEXT})
DEVICES = obj(
    {
        "devices": items(
            obj(
                {
                    "name": TEXT,
                    "status": obj({"name": one_of("online", "paused", "offline")}),
                    "queue_length": INTEGER,
                },
                {
                    "is_simulator": BOOLEAN,
                    "qubits": maybe(INTEGER),
                    "physical_qubits": maybe(INTEGER),
                    "clops": maybe(obj({"type": TEXT, "value": NUMBER})),
                    "processor_type": maybe(
                        obj({"family": TEXT}, {"revision": maybe(TEXT), "segment": maybe(TEXT)})
                    ),
                    "performance_metrics": maybe(
                        obj(
                            {},
                            {
                                "two_q_error_best": METRIC,
                                "two_q_error_layered": METRIC,
                                "two_q_error_median": METRIC,
                                "readout_error_median": METRIC,
                            },
                        )
                    ),
                    "wait_time_seconds": maybe({"type": "object"}),
                },
            )
        )
    }
)
GATE = obj(
    {"name": TEXT, "parameters": items(TEXT), "qasm_def": TEXT},
    {"coupling_map": items(items(INTEGER))},
)
CONFIGURATION = obj(
    {
        "backend_name": TEXT,
        "backend_version": TEXT,
        "basis_gates": items(TEXT),
        "conditional": BOOLEAN,
        "coords": items(items(INTEGER)),
        "coupling_map": maybe(items(items(INTEGER))),
        "gates": items(GATE),
        "local": BOOLEAN,
        "memory": BOOLEAN,
        "n_qubits": INTEGER,
        "online_date": TIME,
        "u_channel_lo": {"type": "array"},
        "supported_features": {"type": "array", "contains": {"const": "dynamic_circuits"}},
    },
    {"processor_type": maybe(obj({"family": TEXT, "revision": TEXT}))},
)
QRMI_CONFIGURATION = obj(
    {
        "backend_name": TEXT,
        "backend_version": TEXT,
        "n_qubits": INTEGER,
        "basis_gates": items(TEXT),
        "gates": items(
            obj(
                {"name": TEXT},
                {
                    "parameters": items(TEXT),
                    "coupling_map": items(items(INTEGER)),
                    "qasm_def": TEXT,
                    "conditional": BOOLEAN,
                    "latency_map": items(items(INTEGER)),
                    "description": maybe(TEXT),
                },
            )
        ),
        "local": BOOLEAN,
        "simulator": BOOLEAN,
        "max_shots": INTEGER,
    },
    {
        "conditional": BOOLEAN,
        "memory": BOOLEAN,
        "coupling_map": maybe(items(items(INTEGER))),
        "max_experiments": maybe(INTEGER),
        "n_registers": INTEGER,
        "register_map": maybe(items(items(INTEGER))),
        "configurable": BOOLEAN,
        "credits_required": BOOLEAN,
        "online_date": maybe(TEXT),
        "display_name": maybe(TEXT),
        "description": maybe(TEXT),
        "tags": maybe(items(TEXT)),
        "rep_delay_range": maybe(items(NUMBER)),
        "default_rep_delay": maybe(NUMBER),
        "dynamic_reprate_enabled": BOOLEAN,
        "measure_esp_enabled": BOOLEAN,
        "supported_instructions": items(TEXT),
        "supported_features": items(TEXT),
        "quantum_volume": maybe(INTEGER),
        "processor_type": maybe(
            obj(
                {"family": TEXT, "revision": {"type": ["string", "number"]}},
                {"segment": maybe(TEXT)},
            )
        ),
        "qubit_lo_range": maybe(items(items(NUMBER))),
        "meas_lo_range": maybe(items(items(NUMBER))),
        "timing_constraints": maybe(
            obj(
                dict.fromkeys(
                    ("granularity", "min_length", "pulse_alignment", "acquire_alignment"), INTEGER
                )
            )
        ),
    },
)
NDUV = obj({"name": TEXT, "value": NUMBER, "unit": TEXT, "date": TIME})
PROPERTIES = obj(
    {
        "backend_name": TEXT,
        "backend_version": TEXT,
        "last_update_date": TIME,
        "gates": items(obj({"gate": TEXT, "qubits": items(INTEGER), "parameters": items(NDUV)})),
        "qubits": items(items(NDUV)),
        "general": items(NDUV),
    }
)
STATUS = obj(
    {
        "state": BOOLEAN,
        "status": TEXT,
        "message": TEXT,
        "length_queue": INTEGER,
        "backend_version": TEXT,
    }
)
WORKLOADS = obj(
    {
        "workloads": items(
            obj(
                {
                    "id": TEXT,
                    "created": TIME,
                    "backend": TEXT,
                    "instance": TEXT,
                    "user_id": TEXT,
                    "mode": one_of("job", "session", "batch"),
                    "status": one_of("pending", "in_progress", "completed", "failed", "canceled"),
                },
                {
                    "ended": TIME,
                    "accepting_jobs": maybe(BOOLEAN),
                    "status_reason": TEXT,
                    "tags": items(TEXT),
                    "usage_seconds": NUMBER,
                    "usage": USAGE,
                    "estimated_running_time_seconds": NUMBER,
                },
            )
        ),
        "total_count": INTEGER,
        "limit": INTEGER,
    },
    {"next": obj({"href": TEXT}), "previous": obj({"href": TEXT})},
)
INSTANCE = obj(
    {
        "backends": items(TEXT),
        "plan_id": TEXT,
        "instance_limit_seconds": TEXT,
        "usage_allocation_seconds": TEXT,
    }
)
INSTANCE_USAGE = obj(
    {"instance_id": TEXT, "plan_id": TEXT, "usage_consumed_seconds": INTEGER},
    {
        "usage_limit_seconds": INTEGER,
        "usage_allocation_seconds": INTEGER,
        "usage_limit_reached": BOOLEAN,
        "usage_period": obj({"start_time": TIME, "end_time": TIME}),
    },
)
ACCOUNT = obj(
    {"plans": items(obj({"plan_id": TEXT, "backends": items(TEXT)}, {"max_ttl": INTEGER}))}
)
_SESSION_KINDS = ("sessions", "batch_sessions", "dedicated_sessions", "individual_jobs")
_TIMES = (*(f"{kind}_usage" for kind in _SESSION_KINDS), "queue_time")
_AMOUNTS = [f"{prefix}{name}" for prefix in ("", "avg_", "max_") for name in _TIMES]
FIGURES = dict.fromkeys(("usage", "jobs", *_SESSION_KINDS, *_AMOUNTS), NUMBER)
ANALYTICS_FILTERS = obj(
    {
        "backends": items(obj({"name": TEXT})),
        "instances": items(obj({"id": TEXT, "deleted": BOOLEAN})),
        "users": items(obj({"id": TEXT})),
        "plans": items(obj({"name": TEXT})),
    }
)
GROUPED = obj({"data": items(obj({"key": TEXT, **FIGURES}))})
_INTERVAL = {"interval_start": TIME, "interval_end": TIME}
GROUPED_BY_DATE = obj({**_INTERVAL, "data": items(obj({"key": TEXT, **_INTERVAL, **FIGURES}))})
CATALOGUE_ENTRY = obj(
    {
        "id": TEXT,
        "name": TEXT,
        "kind": TEXT,
        "overview_ui": obj({"en": obj({"display_name": TEXT})}),
        "metadata": obj({"pricing": obj({"type": one_of("free", "paygo", "subscription")})}),
    }
)
SEARCH = obj({"items": items(obj({"crn": TEXT})), "limit": INTEGER}, {"search_cursor": TEXT})
RESOURCES = obj(
    {
        "rows_count": INTEGER,
        "next_url": maybe(TEXT),
        "resources": items(obj({"id": TEXT, "guid": TEXT, "crn": TEXT, "name": TEXT})),
    }
)
VERSIONS = obj({"versions": items(obj({"version": TEXT, "status": one_of("live", "deprecated")}))})
TOKEN = obj(
    {
        "access_token": TEXT,
        "refresh_token": TEXT,
        "token_type": {"const": "Bearer"},
        "expires_in": INTEGER,
        "expiration": INTEGER,
    }
)
ERRORS = obj(
    {
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": obj({"code": INTEGER, "message": TEXT, "more_info": TEXT}),
        },
        "trace": TEXT,
    }
)
