"""Reports: scores as files, as tables, and as a page to look at."""

from textcl.report.comparisons import against_table, comparison_table, runs_table, settings_table
from textcl.report.facts import Facts, component_words, last_part, versions
from textcl.report.leakage import leakage_json, leakage_lines, leakage_table, write_leakage
from textcl.report.numbers import bounds, number, points
from textcl.report.page import AGAINST, MODEL, write_run_page, write_scores_page
from textcl.report.page_data import (
    Cosines,
    Hit,
    PageData,
    QueryChange,
    Similarities,
    TextMap,
    layouts,
    shown,
    similarities,
    write_page_data,
)
from textcl.report.run_files import RunFiles, read_run
from textcl.report.saved import Report, find_report, open_report, read_scores
from textcl.report.score_rows import ScoreRow, caution, compared, headlines
from textcl.report.scores import Scores, as_json, write_comparison, write_items, write_report, write_scores
from textcl.report.search_tables import build_table, points_table, write_measured, write_tradeoff
from textcl.report.tables import exports_table, scores_table

__all__ = [
    "AGAINST",
    "MODEL",
    "Cosines",
    "Facts",
    "Hit",
    "PageData",
    "QueryChange",
    "Report",
    "RunFiles",
    "ScoreRow",
    "Scores",
    "Similarities",
    "TextMap",
    "against_table",
    "as_json",
    "bounds",
    "build_table",
    "caution",
    "compared",
    "comparison_table",
    "component_words",
    "exports_table",
    "find_report",
    "headlines",
    "last_part",
    "layouts",
    "leakage_json",
    "leakage_lines",
    "leakage_table",
    "number",
    "open_report",
    "points",
    "points_table",
    "read_run",
    "read_scores",
    "runs_table",
    "scores_table",
    "settings_table",
    "shown",
    "similarities",
    "versions",
    "write_comparison",
    "write_items",
    "write_leakage",
    "write_measured",
    "write_page_data",
    "write_report",
    "write_run_page",
    "write_scores",
    "write_scores_page",
    "write_tradeoff",
]
