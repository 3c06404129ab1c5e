"""From a graph and a profile to a plan: slices, placements, bytes and slots per core."""
