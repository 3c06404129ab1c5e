"""neurosparse: ultra-sparse networks trained inside the memory of neuromorphic hardware."""

__version__ = "0.1.0"
