"""Export of networks whose neurons spike in training: as they are, without conversion."""
