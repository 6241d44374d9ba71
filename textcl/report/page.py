"""`report.html`: a run or an evaluation as one page that needs nothing but itself."""

import base64
import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from textcl.atomic import new_file
from textcl.report.curves import run_curves
from textcl.report.facts import Facts, run_facts, versions
from textcl.report.figures import curve_figures, histogram_figures, map_figures, score_figures
from textcl.report.page_data import PageData
from textcl.report.run_files import read_run
from textcl.report.score_rows import ScoreRow, alone, compared, main_rows
from textcl.report.scores import Scores, as_json
from textcl.report.wording import DASH, bounds, points

FILE = "report.html"


def write_run_page(folder: Path) -> Path:
    """Write `report.html` of a run from what its folder holds, and return its path.

    Raises:
        DataError: It is no run folder, or a file in it can not be read.
    """
    files = read_run(folder)
    report = files.report
    rows = compared(report["before"], report["after"], report["difference"]) if "difference" in report else []
    return _write(
        folder / FILE,
        title=str(files.recipe.get("name", folder.name)),
        models=("before", "after"),
        facts=run_facts(files),
        versions=versions(files),
        recipe=yaml.safe_dump(files.recipe, sort_keys=False, allow_unicode=True),
        rows=rows,
        curves=curve_figures(run_curves(files.log, files.evaluations)),
        data=files.data,
        leakage=report.get("leakage"),
    )


def write_scores_page(path: Path, model: str, scores: Scores, data: PageData, facts: Facts) -> Path:
    """Write the page of one model's scores.

    Args:
        path: The file.
        model: What was scored.
        scores: Its scores.
        data: What was seen of it.
        facts: What else stands at the head of the page.
    """
    return _write(
        path,
        title=model,
        models=(model,),
        facts=facts,
        versions=[("textcl", version("textcl"))],
        recipe="",
        rows=alone(as_json(scores)),
        curves=[],
        data=data,
        leakage=None,
    )


def _write(path: Path, *, rows: list[ScoreRow], data: PageData | None, **rest: Any) -> Path:
    page = _environment().get_template("page.html.j2")
    text = page.render(
        rows=rows,
        main=main_rows(rows),
        figures=score_figures(rows),
        histograms=histogram_figures(data) if data else [],
        map=data.map if data else None,
        maps=map_figures(data.map, data.models) if data and data.map else [],
        queries=data.queries if data else {},
        made=data.made if data else "",
        textcl_version=version("textcl"),
        **rest,
    )
    with new_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
    return path


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("textcl.report", "template"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {"points": points, "bounds": bounds, "dash": DASH, **_assets(environment)}
    return environment


def _assets(environment: Environment) -> Mapping[str, Markup]:
    """Return style and script, and the digest by which the page lets this script run and no other."""
    assert environment.loader is not None, "the environment has one"
    style, script = (environment.loader.get_source(environment, name)[0] for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Both are files of this package, so there is nothing in them to escape.
    return {"style": Markup(style), "script": Markup(script), "script_digest": Markup(digest)}  # noqa: S704
