"""Reports: scores as files, as tables, and as a page to look at."""

from textcl.report.layout import layouts
from textcl.report.page import write_run_page, write_scores_page
from textcl.report.page_data import Hit, PageData, QueryChange, Similarities, TextMap, shown, write_page_data
from textcl.report.scores import Scores, as_json, write_report, write_scores
from textcl.report.similarity import Cosines, similarities
from textcl.report.tables import comparison_table, scores_table

__all__ = [
    "Cosines",
    "Hit",
    "PageData",
    "QueryChange",
    "Scores",
    "Similarities",
    "TextMap",
    "as_json",
    "comparison_table",
    "layouts",
    "scores_table",
    "shown",
    "similarities",
    "write_page_data",
    "write_report",
    "write_run_page",
    "write_scores",
    "write_scores_page",
]
