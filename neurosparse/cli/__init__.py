"""The command line, one command a file; importing it loads nothing heavy."""
