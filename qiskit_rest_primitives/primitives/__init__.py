"""Sampler and estimator: from run(pubs) to the request."""
