"""The training loop: optimiser, schedule, events and checkpoints."""
