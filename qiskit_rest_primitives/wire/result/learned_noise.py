"""The result of the program ``noise-learner``. In: envelopes of layers. Out: JSON. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from qiskit_rest_primitives.wire.values.arrays import encode_array
from qiskit_rest_primitives.wire.values.typed_values import Encoder


def encode_learned_noise(layers: Sequence[object], metadata: Mapping[str, Any]) -> bytes:
    """Writes the result of a job.

    Args:
        layers: an envelope ``LayerError`` each, of `mitigation.learning.layer_noise_json`.
        metadata: ``backend`` and ``input_options``.

    Returns:
        UTF-8 JSON, as `NoiseLearnerResultDecoder` of qiskit_ibm_runtime reads it.
    """
    encoder = Encoder(encode_array)
    content = {"data": list(layers), "metadata": dict(metadata)}
    return msgspec.json.encode(encoder.value(content, "result"))
