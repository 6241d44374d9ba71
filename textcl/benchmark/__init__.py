"""What it costs to search: recall against speed against memory."""

from textcl.benchmark.front import fastest, pareto_front
from textcl.benchmark.measuring import Candidate, measure, with_nearest
from textcl.benchmark.points import Build, Measured, Point, Speed
from textcl.benchmark.setup import Setup

__all__ = [
    "Build", "Candidate", "Measured", "Point", "Setup", "Speed", "fastest", "measure", "pareto_front", "with_nearest",
]  # fmt: skip
