"""The endpoints of the API. In: requests. Out: replies; the work is in `local.job_states`."""
