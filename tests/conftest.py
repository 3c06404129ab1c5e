"""Settings that every test shares."""

from hypothesis import settings

# The first call of a kernel compiles it, so a deadline per example would measure the compiler.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
