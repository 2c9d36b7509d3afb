"""The REST API over requests: transport, auth, one method an endpoint."""
