"""Reports: scores as files and as tables."""

from textcl.report.comparisons import against_table, comparison_table, runs_table, settings_table
from textcl.report.leakage import leakage_json, leakage_lines, leakage_table, write_leakage
from textcl.report.saved import Report, find_report, open_report
from textcl.report.scores import Scores, as_json, write_comparison, write_items, write_report, write_scores
from textcl.report.tables import scores_table

__all__ = [
    "Report",
    "Scores",
    "against_table",
    "as_json",
    "comparison_table",
    "find_report",
    "leakage_json",
    "leakage_lines",
    "leakage_table",
    "open_report",
    "runs_table",
    "scores_table",
    "settings_table",
    "write_comparison",
    "write_items",
    "write_leakage",
    "write_report",
    "write_scores",
]
