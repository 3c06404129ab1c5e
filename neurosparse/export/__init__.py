"""Exporters, one a file: the trained network in the words of a simulator."""
