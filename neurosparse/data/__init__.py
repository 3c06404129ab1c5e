"""Data sets, one kind a file, read from real files and checked at the door."""
