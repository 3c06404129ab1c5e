"""The fixed-budget synapse store: compressed rows that can never outgrow their core."""
