"""The devices `fake_<n>q`: their lattices, and how large their noise is on each day."""
