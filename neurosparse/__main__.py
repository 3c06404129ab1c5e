"""`python -m neurosparse` is the command line."""

from neurosparse.cli.main import main

main()
