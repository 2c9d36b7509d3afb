"""Any Qiskit `BackendV2` -> what the service has to know to offer it, or an error with the reason.

No circuit is run here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from qiskit_rest_primitives.circuits.flatten import is_standard
from qiskit_rest_primitives.errors import BackendError
from qiskit_rest_primitives.local.simulators.base.cost_model import MAX_AER_SHOTS
from qiskit_rest_primitives.local.simulators.base.gate_sets import AER_GATES
from qiskit_rest_primitives.wire.target.operations import CONTROL_FLOW_DESCRIBED, NON_UNITARY

if TYPE_CHECKING:
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

# For backends that don't say.
DEVICE_SHOTS = 100_000
# What a description has to say where the backend does not limit its width.
ANY_WIDTH = 30
_PICKLING_PACKAGES = frozenset({"qiskit", "qiskit_aer", "qiskit_ibm_runtime"})
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


# eq=False: two objects are two backends, however alike.
@dataclass(frozen=True, eq=False)
class ForeignBackend:
    """A backend of Qiskit or of a vendor, behind the service.

    Attributes:
        backend: what runs the circuits.
        name: its own name, in letters that fit into a path.
        num_qubits: its width.
        max_shots: most shots of a circuit.
        is_simulator: whether its gates act on any qubits; a device's gates have their qubits.
        takes_seed: whether it has the option ``seed_simulator``.
        takes_noise: whether it has the option ``noise_model``.
        left_out: instructions of a device that circuits from the service can't have.
    """

    backend: BackendV2
    name: str
    num_qubits: int
    max_shots: int
    is_simulator: bool
    takes_seed: bool
    takes_noise: bool
    left_out: tuple[str, ...]

    @property
    def target(self) -> Target:
        """What it can do, as it says itself."""
        return cast("Target", self.backend.target)

    @property
    def version(self) -> str:
        """Its version as ``X.Y.Z``."""
        version = str(self.backend.backend_version)
        return version if _VERSION.fullmatch(version) else "1.0.0"

    @property
    def takes_any_width(self) -> bool:
        """Whether circuits may be wider than it says: Aer's width is a guess at its memory."""
        return self.target.num_qubits is None or (self.is_simulator and self._is_aer)

    @property
    def is_noisy(self) -> bool:
        """Whether it has errors that mitigation can act on: its circuits are written in rz and sx.

        A device that has other gates is left alone; a simulator's are rewritten.
        """
        if self.is_simulator:
            return getattr(self.backend.options, "noise_model", None) is not None
        return {"rz", "sx", "x"} <= set(self.target.operation_names)

    @property
    def pickles(self) -> bool:
        """Whether it can run in a worker process: simulators of packages that are known to pickle.

        They should: while they simulate in C++, they keep Python's lock. A subclass may hold
        anything, and belong to a program that no other process can import.
        """
        return type(self.backend).__module__.split(".")[0] in _PICKLING_PACKAGES

    @property
    def _is_aer(self) -> bool:
        return _is_a(self.backend, "qiskit_aer", "AerBackend")

    @cached_property
    def runs(self) -> frozenset[str]:
        """Names of the instructions that need no rewriting, for a simulator."""
        names = frozenset(self.target.operation_names)
        # A noise model limits the gates that Aer lists, not those that it runs.
        return names.union(AER_GATES) if self._is_aer else names

    @cached_property
    def described(self) -> Target:
        """Its target without what can't be sent to it: gates that only it knows, save_state, ...

        This is what it says when it is first asked, and what clients see of it from then on.
        """
        from qiskit.circuit import Measure
        from qiskit.transpiler import Target

        own = self.target
        target = Target(
            description=self.backend.description or type(self.backend).__name__,
            num_qubits=self.num_qubits,
            dt=own.dt,
            qubit_properties=own.qubit_properties,
            granularity=own.granularity,
            min_length=own.min_length,
            pulse_alignment=own.pulse_alignment,
            acquire_alignment=own.acquire_alignment,
        )
        for name in own.operation_names:
            operation = own.operation_from_name(name)
            if name in CONTROL_FLOW_DESCRIBED:
                target.add_instruction(operation, name=name)
            elif name in NON_UNITARY or _can_be_sent(name, operation):
                everywhere = None in own[name]
                target.add_instruction(
                    operation,
                    None if everywhere else dict(own[name]),
                    name=name,
                    angle_bounds=[(0, math.pi / 2)] if name == "rzz" and self.bounds_rzz else None,
                )
        if "measure" not in target.operation_names:
            # Some leave it out, and measure all the same; clients assume it.
            each = {(qubit,): None for qubit in range(self.num_qubits)}
            target.add_instruction(Measure(), None if self.is_simulator else each)
        return target

    @property
    def isa(self) -> Target:
        """What a device's circuits are checked against: as it says itself, and measurements."""
        return self.target if "measure" in self.target.operation_names else self.described

    @property
    def bounds_rzz(self) -> bool:
        """Whether its rzz takes some angles only; a target does not say which."""
        return "rzz" in self.target.operation_names and self.target.gate_has_angle_bounds("rzz")


def examine(backend: Any) -> ForeignBackend:
    """Reads what a backend says about itself.

    Args:
        backend: a `BackendV2`.

    Raises:
        BackendError: it is no `BackendV2`, or one that can't run a circuit from the service.
    """
    from qiskit.providers import BackendV2

    kind = type(backend).__name__
    if not isinstance(backend, BackendV2):
        cure = "pass an object, not its class" if isinstance(backend, type) else "wrap it in one"
        raise BackendError(
            f"{backend if isinstance(backend, type) else kind} is not a BackendV2 of Qiskit: {cure}"
        )
    own_name = str(backend.name or kind)
    if _is_a(backend, "qiskit_ibm_runtime", "IBMBackend"):
        raise BackendError(
            f"{own_name!r} is a handle of qiskit_ibm_runtime for a device of IBM's service: with "
            "the same account, take QiskitRuntimeService(...).backend("
            f"{own_name!r}) from qiskit_rest_primitives instead"
        )
    target = _target_of(backend, own_name)
    if target.num_qubits == 0:
        raise BackendError(f"backend {own_name!r} has 0 qubits: there is nothing to run on")
    operations = _operations(target)
    sendable = [name for name, operation in operations.items() if _can_be_sent(name, operation)]
    unknown = sorted(operations.keys() - {*sendable, *NON_UNITARY, "global_phase"})
    if not sendable:
        listed = f"; it has {', '.join(unknown)}" if unknown else ""
        raise BackendError(
            f"backend {own_name!r} has no gate that can be sent to it{listed}: OpenQASM 3 text "
            "carries Qiskit's standard gates, so give it a target with some of these"
        )
    is_simulator = all(None in target[name] for name in sendable)
    return ForeignBackend(
        backend,
        _UNFIT.sub("_", own_name).strip("_.") or kind,
        int(target.num_qubits or ANY_WIDTH),
        _max_shots(backend) or (MAX_AER_SHOTS if is_simulator else DEVICE_SHOTS),
        is_simulator,
        hasattr(backend.options, "seed_simulator"),
        hasattr(backend.options, "noise_model"),
        # A simulator's circuits are written in the gates it has: nothing is missing.
        () if is_simulator else tuple(unknown),
    )


def _target_of(backend: BackendV2, name: str) -> Target:
    from qiskit.transpiler import Target

    try:
        target: Any = backend.target
    except Exception as error:  # a vendor's code may raise anything
        raise BackendError(
            f"backend {name!r} can't say what it runs: its target raised "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(target, Target):
        raise BackendError(
            f"backend {name!r} has no target (it is {type(target).__name__}): without its gates "
            "and qubits nothing can be transpiled for it"
        )
    return target


def _operations(target: Target) -> dict[str, Any]:
    """Its instructions, control flow left out.

    Aer lists the classes of those that have no fixed width, some of which are not instructions.
    """
    from qiskit.circuit import ControlFlowOp, Instruction

    operations = {name: target.operation_from_name(name) for name in target.operation_names}
    return {
        name: found
        for name, found in operations.items()
        if isinstance(found, Instruction) and not isinstance(found, ControlFlowOp)
    }


def _can_be_sent(name: str, operation: Any) -> bool:
    from qiskit.circuit import Gate

    return (
        isinstance(operation, Gate)
        and is_standard(operation)
        and operation.name == name
        and operation.num_qubits > 0
    )


def _max_shots(backend: BackendV2) -> int | None:
    """What it says about its shots, in one of the places where vendors say it."""
    limits = getattr(backend.options, "validator", None) or {}
    shots = limits.get("shots")
    for most in (getattr(backend, "max_shots", None), shots[1] if shots else None):
        if isinstance(most, int) and most > 0:
            return most
    return None


def _is_a(backend: object, package: str, kind: str) -> bool:
    """Whether it is of a class of a package that need not be installed."""
    return any(
        base.__name__ == kind and base.__module__.split(".")[0] == package
        for base in type(backend).__mro__
    )
