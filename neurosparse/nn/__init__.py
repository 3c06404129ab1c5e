"""Layers and losses on the synapse store, and the network made of them."""
