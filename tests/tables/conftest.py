"""The program of the tables lies outside the package, and its files import each other by name."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "eval" / "tables"))
