"""`python -m textcl` is `textcl`."""

from textcl.cli import main

main()
