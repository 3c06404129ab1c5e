"""Plain functions on arrays, compiled by numba; they know nothing of the rest of the house."""
