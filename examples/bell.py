"""A Bell state on the embedded service: counts, and two expectation values."""

from qiskit import QuantumCircuit

from qiskit_rest_primitives import EstimatorV2, QiskitRuntimeService, SamplerV2

service = QiskitRuntimeService(channel="local")
backend = service.backend("statevector")

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)

sampler = SamplerV2(mode=backend)
counts = (
    sampler.run([bell.measure_all(inplace=False)], shots=1000).result()[0].data.meas.get_counts()
)
print("counts:", dict(sorted(counts.items())))

estimator = EstimatorV2(mode=backend)
zz, xx = estimator.run([(bell, ["ZZ", "XX"])], precision=0.01).result()[0].data.evs
print(f"<ZZ> = {zz:.2f}, <XX> = {xx:.2f}")
