"""Making exports: a model in the forms that it runs in elsewhere, and what each form keeps of it."""

from textcl.export.figures import (
    Bound,
    ExportFigures,
    TaskScore,
    bound_of,
    losses,
    read_figures,
    texts_per_second,
    write_figures,
)
from textcl.export.writers import check_installed, put_in_place, versions_of, write_export

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
