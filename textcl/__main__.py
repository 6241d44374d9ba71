"""`python -m textcl` is `textcl`."""

from textcl.cli.app import main

main()
