"""Bodies of the program ``executor``: quantum programs and their results."""
