"""Training: gradient caching, ranks, the step, checkpoints and the loop."""

from textcl.training.chunked import Memory
from textcl.training.log import Log, StepLog
from textcl.training.loop import Loop, Settings
from textcl.training.optimiser import Schedule
from textcl.training.ranks import Ranks, join_ranks
from textcl.training.step import Step
from textcl.training.stopping import Stopped
from textcl.training.target import OnlineTarget

__all__ = [
    "Log",
    "Loop",
    "Memory",
    "OnlineTarget",
    "Ranks",
    "Schedule",
    "Settings",
    "Step",
    "StepLog",
    "Stopped",
    "join_ranks",
]
