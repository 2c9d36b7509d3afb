"""Histograms of durations, as the metrics show them."""

from __future__ import annotations

from qiskit_rest_primitives.local.durations import Durations


def test_a_duration_counts_in_every_bucket_that_it_fits_in() -> None:
    """Buckets are cumulative and include their bound; the last one has all."""
    times = Durations((1.0, 10.0))
    for seconds in (0.5, 1.0, 5.0, 60.0):
        times.add("statevector", seconds)
    assert times.read() == {"statevector": ([2, 3, 4], 66.5)}


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    """It counts as 0."""
    times = Durations((1.0,))
    times.add("aer", -3.0)
    assert times.read() == {"aer": ([1, 1], 0.0)}
