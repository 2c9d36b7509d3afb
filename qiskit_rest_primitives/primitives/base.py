"""What both primitives share: where they run, and encoded PUBs -> POST -> handle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Generic

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import BackendV2

from qiskit_rest_primitives.backend import RestBackend
from qiskit_rest_primitives.circuits import EncodedCircuit, encode_circuit
from qiskit_rest_primitives.circuits.isa import check_isa, check_rzz_values
from qiskit_rest_primitives.errors import (
    EncodeError,
    UnknownParameterError,
)
from qiskit_rest_primitives.options.request import OptionsT, coerce_options, set_from_keyword
from qiskit_rest_primitives.primitives.mode import Mode, backend_of, resolve_mode
from qiskit_rest_primitives.service.session import Session


class RestPrimitive(Generic[OptionsT]):
    """What both primitives have: a place to run, and options.

    Args:
        mode: a backend of a service, a `Session` or a `Batch`; None for that of the surrounding
            ``with``. Any other `BackendV2` is put behind the embedded service of this process.
        options: `SamplerOptions`, `EstimatorOptions`, or a nested dict.
        backend: another name of mode, which Qiskit's `BackendSamplerV2` has.
        keywords: constructor keywords, each with the option that it sets and its value or None.

    Raises:
        BackendError: there is nothing to run on.
        OptionsError: an option's name, type or range, or a keyword and its option differ.
        TypeError: both mode and backend were given.

    >>> sampler = SamplerV2(backend)
    >>> isinstance(sampler, BasePrimitiveV2), sampler.mode
    (True, <RestBackend('statevector')>)
    """

    _options_class: type[OptionsT]
    version: ClassVar[int] = 2

    def __init__(
        self,
        mode: BackendV2 | Session | None,
        options: OptionsT | Mapping[str, Any] | None,
        backend: BackendV2 | None,
        keywords: Mapping[str, tuple[str, Any]],
    ):
        if mode is not None and backend is not None:
            raise TypeError("mode and backend are two names of one argument: pass mode only")
        self._mode: Mode = resolve_mode(backend if mode is None else mode)
        self._options = coerce_options(self._options_class, options)
        for keyword, (path, value) in keywords.items():
            if value is not None:
                set_from_keyword(self._options, path, value, keyword)

    def __repr__(self) -> str:
        # Debuggers call it on an object whose constructor failed.
        return f"{type(self).__name__}(mode={getattr(self, '_mode', None)!r})"

    @property
    def mode(self) -> Mode:
        """The backend, session or batch that jobs go to."""
        return self._mode

    @property
    def options(self) -> OptionsT:
        """What is sent with each job; assign options or a nested dict to replace all."""
        return self._options

    @options.setter
    def options(self, options: OptionsT | Mapping[str, Any] | None) -> None:
        self._options = coerce_options(self._options_class, options)

    def backend(self) -> RestBackend:
        """The backend that jobs run on."""
        return backend_of(self._mode)

    @property
    def _backend(self) -> RestBackend:
        # qiskit-experiments reads it off the official primitives, where it is an attribute.
        return self.backend()


class CircuitEncoder:
    """Encodes the circuits of one run, each once, after checking them against the device.

    Args:
        backend: where they will run.
        isa_check: whether to check; simulators take any circuit.
    """

    def __init__(self, backend: RestBackend, isa_check: bool):
        self._target = backend.target if isa_check and not backend.simulator else None
        self._done: dict[int, tuple[QuantumCircuit, EncodedCircuit]] = {}

    def encode(self, pub: SamplerPub | EstimatorPub, index: int) -> tuple[EncodedCircuit, Any]:
        """A PUB's circuit on the wire, and its values, of shape ``(*shape, inputs)``.

        Raises:
            EncodeError: they can't be encoded, or the device can't run them.
            UnknownParameterError: a value's name is not a parameter of the circuit.
        """
        encoded = self._circuit(pub.circuit, index)
        values = parameter_array(pub, index)
        if self._target is not None:
            check_rzz_values(pub.circuit, values, self._target, pub_index=index)
        try:
            return encoded, encoded.encode_values(values)
        except EncodeError as error:
            raise type(error)(f"PUB {index}: {error}") from error.__cause__

    def _circuit(self, circuit: QuantumCircuit, pub_index: int) -> EncodedCircuit:
        """The circuit on the wire.

        Raises:
            EncodeError: it can't be encoded, or the device can't run it.
        """
        # Keyed by id(); holding the circuit keeps its id from being reused.
        known = self._done.get(id(circuit))
        if known is not None:
            return known[1]
        if self._target is not None:
            check_isa(circuit, self._target, pub_index=pub_index)
        try:
            encoded = encode_circuit(circuit)
        except EncodeError as error:
            raise type(error)(f"PUB {pub_index}: {error}") from error.__cause__
        self._done[id(circuit)] = (circuit, encoded)
        return encoded


def parameter_array(pub: SamplerPub | EstimatorPub, index: int) -> np.ndarray:
    """The PUB's values of shape ``(*shape, n)``, in the order of the circuit's parameters.

    Raises:
        UnknownParameterError: a name is not a parameter of the circuit.
    """
    try:
        return pub.parameter_values.as_array(pub.circuit.parameters)
    except ValueError as error:
        names = ", ".join(parameter.name for parameter in pub.circuit.parameters)
        raise UnknownParameterError(
            f"PUB {index}: {error} The circuit's parameters: {names}"
        ) from error
