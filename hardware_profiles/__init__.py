"""Hardware profiles: one TOML file a machine, every figure with its source."""
