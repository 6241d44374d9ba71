"""Making exports: a model in the forms that it runs in elsewhere, and what each form keeps of it."""

from textcl.export.fidelity import Bound, bound_of, losses
from textcl.export.figures import ExportFigures, TaskScore, read_figures, write_figures
from textcl.export.packages import check_installed, versions_of
from textcl.export.placing import put_in_place
from textcl.export.timing import texts_per_second
from textcl.export.writing import write_export

__all__ = [
    "Bound",
    "ExportFigures",
    "TaskScore",
    "bound_of",
    "check_installed",
    "losses",
    "put_in_place",
    "read_figures",
    "texts_per_second",
    "versions_of",
    "write_export",
    "write_figures",
]
