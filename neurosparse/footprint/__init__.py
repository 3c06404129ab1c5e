"""What a network with known connections takes on SpiNNaker, to the byte, before anything runs."""
