"""Reports: scores as files and as tables."""

from textcl.report.leakage import leakage_json, leakage_lines, leakage_table, write_leakage
from textcl.report.scores import Scores, as_json, write_report, write_scores
from textcl.report.tables import comparison_table, scores_table

__all__ = [
    "Scores",
    "as_json",
    "comparison_table",
    "leakage_json",
    "leakage_lines",
    "leakage_table",
    "scores_table",
    "write_leakage",
    "write_report",
    "write_scores",
]
