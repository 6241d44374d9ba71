"""What it costs to search: recall against speed against memory."""

from textcl.benchmark.measure import Candidate, Setup, measure, with_nearest
from textcl.benchmark.points import Build, Measured, Point, Speed, fastest, pareto_front

__all__ = [
    "Build", "Candidate", "Measured", "Point", "Setup", "Speed", "fastest", "measure", "pareto_front", "with_nearest",
]  # fmt: skip
