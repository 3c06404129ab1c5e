"""Rewiring rules, one a file: which connections die and where the newborn go."""
