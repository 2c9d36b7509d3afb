"""How a circuit chooses its simulator: a PUB -> its `Setup`, which names the simulator.

``for_statevector``, ``for_aer``, ``for_device``, ``for_foreign``  the choice for a kind of backend
``device_method``  the choice among Aer's methods for a device
``as_...``         preparing for one simulator, or None where it does not suit
``aer_limits``     what Aer simulates wrongly
``common_steps``, ``translate``  steps that they share
"""
