"""The spiking twin of a trained network: its cells and units, and what they will do, known before a simulator runs."""
