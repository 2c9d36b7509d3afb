"""What error mitigation gains and costs: ``python -m tests.mitigation.figures``."""
