"""qiskit-addon-sqd: the ground state of H4 from samples, as by full configuration interaction."""

from __future__ import annotations

from typing import Any

import pyscf
from pyscf import ao2mo, fci, scf
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray, StatevectorSampler
from qiskit_addon_sqd.fermion import diagonalize_fermionic_hamiltonian

from qiskit_rest_primitives import SamplerV2
from tests.ecosystem.local_backend import local_backend

ORBITALS, ELECTRONS = 4, (2, 2)


def samples_from(sampler: Any) -> BitArray:
    """Outcomes near the Hartree-Fock state, many with a wrong number of electrons."""
    circuit = QuantumCircuit(2 * ORBITALS)
    circuit.x([0, 1, ORBITALS, ORBITALS + 1])
    circuit.ry(1.2, range(2 * ORBITALS))
    circuit.measure_all()
    return sampler.run([circuit], shots=5000).result()[0].data.meas


def main() -> None:
    """Both samplers' outcomes span the ground state."""
    molecule = pyscf.M(atom="H 0 0 0; H 0 0 1; H 0 0 2; H 0 0 3", basis="sto-3g", verbose=0)
    field = scf.RHF(molecule).run()
    one = field.mo_coeff.T @ field.get_hcore() @ field.mo_coeff
    two = ao2mo.restore(1, ao2mo.kernel(molecule, field.mo_coeff), ORBITALS)
    exact = fci.direct_spin1.kernel(one, two, ORBITALS, ELECTRONS)[0]
    samplers = {
        "ours": SamplerV2(local_backend("statevector")),
        "Qiskit's": StatevectorSampler(seed=2),
    }
    for name, sampler in samplers.items():
        found = diagonalize_fermionic_hamiltonian(
            one,
            two,
            samples_from(sampler),
            samples_per_batch=1000,
            norb=ORBITALS,
            nelec=ELECTRONS,
            max_iterations=4,
            seed=1,
        )
        print(name, found.energy, "exact", exact)
        assert abs(found.energy - exact) < 1e-6


if __name__ == "__main__":
    main()
