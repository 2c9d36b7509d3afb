"""RuntimeEncoder, RuntimeDecoder: users' own JSON, in the official client's form. No I/O."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np

from qiskit_rest_primitives.errors import EncodeError
from qiskit_rest_primitives.wire.values.long_values import ParsedBody
from qiskit_rest_primitives.wire.values.runtime_objects import OBJECTS, encode_object
from qiskit_rest_primitives.wire.values.typed_values import Decoder, envelope


class RuntimeEncoder(json.JSONEncoder):
    """Writes results, arrays, circuits and operators as JSON that the official client reads.

    >>> import json
    >>> result = SamplerV2(backend).run([bell], shots=100).result()
    >>> text = json.dumps({"result": result, "circuit": bell}, cls=RuntimeEncoder)
    >>> json.loads(text, cls=RuntimeDecoder)["result"][0].data.meas.num_shots
    100
    """

    def default(self, o: Any) -> Any:
        """Writes an object that JSON lacks.

        Raises:
            TypeError: there is no form for it; the message has its type.
        """
        if isinstance(o, (set, frozenset)):
            return envelope("set", sorted(cast("set[Any]", o), key=repr))
        if isinstance(o, np.ndarray) and o.dtype.hasobject:
            return envelope("ndarray", o.tolist())
        try:
            return encode_object(o, RuntimeEncoder)
        except EncodeError:
            cls = type(o)
            raise TypeError(
                f"an object of type {cls.__module__}.{cls.__qualname__} has no form in JSON"
            ) from None


class RuntimeDecoder(json.JSONDecoder):
    """Reads what `RuntimeEncoder`, this one or the official client's, has written.

    Only the types of Qiskit that `RuntimeEncoder` writes are made, and no pickle is read: a file
    can't make Python import or run anything else. Execution spans become this package's classes,
    learned noise a dict.

    Raises:
        json.JSONDecodeError: the text is not JSON.
        ProtocolError: a type or class that is not read, or one with unfit content; names its place.

    >>> import json
    >>> json.loads('{"__type__": "complex", "__value__": [1, -2]}', cls=RuntimeDecoder)
    (1-2j)
    >>> json.loads('{"__type__": "Popen", "__value__": "rm"}', cls=RuntimeDecoder)
    Traceback (most recent call last):
        ...
    qiskit_rest_primitives.errors.ProtocolError: the text: unknown type 'Popen'; known are ...
    """

    def decode(self, s: str, *args: Any, **kwargs: Any) -> Any:
        """Reads a JSON text and all objects in it."""
        value = super().decode(s, *args, **kwargs)
        return Decoder(ParsedBody(value), OBJECTS).value(value, "the text")
