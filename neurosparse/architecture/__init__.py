"""Networks in words: layers, the shapes between them, and the weights that each needs; no arrays."""
