"""Names of gates: what each simulator runs, and what the simulators' targets list."""

from __future__ import annotations

# fmt: off
_CLIFFORD = (
    "cx", "cy", "cz", "ecr", "h", "id", "p", "rx", "ry", "rz", "rzz", "s", "sdg", "swap", "sx",
    "sxdg", "x", "y", "z",
)
_ON_AER_TOO = (*_CLIFFORD, "ccx", "cp", "r", "rxx", "ryy", "rzx", "t", "tdg", "u")
SIMULATOR_GATES = tuple(sorted((
    *_ON_AER_TOO, "ccz", "crx", "cry", "crz", "cs", "csdg", "cswap", "csx", "cu", "dcx", "iswap",
)))
"""Gates in the simulators' targets."""
# fmt: on
AER_GATES = (*_ON_AER_TOO, "delay", "u1", "u2", "u3", "unitary")
"""Gates that all methods of Aer except the stabilizer method run unchanged."""
CLIFFORD_GATES = (*_CLIFFORD, "delay", "pauli")
"""Gates that the stabilizer method runs; the rotations only at multiples of π/2."""
DEVICE_GATES = ("cz", "id", "rx", "rz", "rzz", "sx", "x")
"""Gates of the devices."""
CONTROL_FLOW = ("if_else", "while_loop", "for_loop", "switch_case")
JUMPS = ("break_loop", "continue_loop")
