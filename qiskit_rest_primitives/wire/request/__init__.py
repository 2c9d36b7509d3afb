"""Body of POST /v1/jobs, with the definitions and checks of its options."""
