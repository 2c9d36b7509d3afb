"""Body of POST /v1/jobs: what its options are and how they are checked."""
