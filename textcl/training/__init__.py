"""Training: gradient caching, ranks, the step, checkpoints and the loop."""

from textcl.distributed import Ranks, join_ranks
from textcl.training.gradient_cache import Memory
from textcl.training.log import Log, first_readings
from textcl.training.loop import Loop, Stopped, TrainingSettings
from textcl.training.monitor import CollapseAlarm
from textcl.training.optimiser import Schedule
from textcl.training.step import Step
from textcl.training.target import EmaTarget, OnlineTarget, Target, TeacherTarget
from textcl.types.protocols import StepLog

__all__ = [
    "CollapseAlarm",
    "EmaTarget",
    "Log",
    "Loop",
    "Memory",
    "OnlineTarget",
    "Ranks",
    "Schedule",
    "Step",
    "StepLog",
    "Stopped",
    "Target",
    "TeacherTarget",
    "TrainingSettings",
    "first_readings",
    "join_ranks",
]
