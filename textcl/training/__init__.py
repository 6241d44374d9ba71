"""Training: gradient caching, ranks, the step, checkpoints and the loop."""

from textcl.training.chunked import Memory
from textcl.training.log import Log, StepLog, first_readings
from textcl.training.loop import Loop, Settings
from textcl.training.monitor import CollapseAlarm
from textcl.training.optimiser import Schedule
from textcl.training.ranks import Ranks, join_ranks
from textcl.training.step import Step
from textcl.training.stopping import Stopped
from textcl.training.target import EmaTarget, OnlineTarget, Target, TeacherTarget

__all__ = [
    "CollapseAlarm",
    "EmaTarget",
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
    "Target",
    "TeacherTarget",
    "first_readings",
    "join_ranks",
]
