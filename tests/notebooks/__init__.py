"""The notebooks of ``examples/``: executed, stored with their outputs, and compared with them."""
