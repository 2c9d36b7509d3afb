"""Preparing a circuit of 127 qubits, beside the official client's `prepare` in the same run."""

from __future__ import annotations

WIDTH = 127
