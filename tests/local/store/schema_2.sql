-- The tables of schema 2, as the service before schema 3 made them.
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE, user TEXT NOT NULL, instance TEXT NOT NULL,
    program TEXT NOT NULL, backend TEXT NOT NULL, session_id TEXT,
    status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', reason_code INTEGER,
    reason_solution TEXT NOT NULL DEFAULT '',
    created REAL NOT NULL, running REAL, finished REAL, usage_seconds REAL NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]', private INTEGER NOT NULL DEFAULT 0, cost INTEGER NOT NULL,
    log_level TEXT, calibration_id TEXT, runtime TEXT, logs TEXT NOT NULL DEFAULT '',
    params BLOB, params_size INTEGER NOT NULL DEFAULT 0,
    result BLOB, result_size INTEGER NOT NULL DEFAULT 0, estimated_seconds REAL
);
CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs (user, instance, created);
CREATE INDEX IF NOT EXISTS jobs_by_session ON jobs (session_id);
CREATE INDEX IF NOT EXISTS jobs_pending ON jobs (backend) WHERE status IN ('Queued', 'Running');
CREATE TABLE IF NOT EXISTS tags (
    tag TEXT NOT NULL, job_id TEXT NOT NULL, PRIMARY KEY (tag, job_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tags_by_job ON tags (job_id);
CREATE TABLE IF NOT EXISTS instances (crn TEXT PRIMARY KEY, seconds INTEGER);
CREATE TABLE IF NOT EXISTS sessions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE, user TEXT NOT NULL, instance TEXT NOT NULL,
    backend TEXT NOT NULL, mode TEXT NOT NULL,
    state TEXT NOT NULL, state_reason TEXT NOT NULL, accepting_jobs INTEGER NOT NULL DEFAULT 1,
    max_ttl INTEGER NOT NULL, interactive_ttl INTEGER NOT NULL,
    created REAL NOT NULL, activated REAL, closed REAL, last_started REAL, last_completed REAL,
    timestamps TEXT NOT NULL DEFAULT '[]'
);
PRAGMA user_version = 2;
