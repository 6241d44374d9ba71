"""The objectives under contract: every name of `textcl.objectives.__all__`, in the settings worth testing."""

from collections.abc import Callable

from textcl.objectives import InfoNCE
from textcl.types import Objective

CASES: dict[str, Callable[[], Objective]] = {
    "InfoNCE": InfoNCE,
    "InfoNCE symmetric": lambda: InfoNCE(temperature=0.1, symmetric=True),
}
