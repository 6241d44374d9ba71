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

from textcl.report.facts import Facts, run_facts, versions
from textcl.report.figures import curve_figures, histogram_figures, map_figures, run_curves, score_figures
from textcl.report.numbers import DASH, bounds, points
from textcl.report.page_data import PageData, read_run
from textcl.report.score_rows import ScoreRow, alone, caution, compared, headlines, main_rows
from textcl.report.scores import Scores, as_json
from textcl.util.atomic import new_file

FILE = "report.html"
MODEL = "model"  # what the model of an evaluation is called
AGAINST = "against"  # and the one that it is compared with


def write_run_page(folder: Path) -> Path:
    """Write `report.html` of a run from what its folder holds, and return its path.

    Raises:
        DataError: It is no run folder, or a file in it cannot be read.
    """
    files = read_run(folder)
    report = files.report
    rows = compared(report["before"], report["after"], report["difference"]) if "difference" in report else []
    return _write(
        folder / FILE,
        kicker="A run of textcl",
        title=str(files.recipe.get("name", folder.name)),
        labels=("before", "after"),
        facts=run_facts(files),
        versions=versions(files),
        recipe=yaml.safe_dump(files.recipe, sort_keys=False, allow_unicode=True),
        rows=rows,
        curves=curve_figures(run_curves(files.log, files.evaluations)),
        data=files.data,
        leakage=report.get("leakage"),
        exports=files.exports,
    )


def write_scores_page(
    path: Path,
    scores: Scores,
    data: PageData,
    facts: Facts,
    other: Scores | None = None,
    difference: Scores | None = None,
) -> Path:
    """Write the page of an evaluation, and return its path.

    Args:
        path: The file.
        scores: Of the model.
        data: What was seen of it, and of the other model if that was run too.
        facts: What stands at the head of the page; the first is the model.
        other: Scores of another model.
        difference: `scores` minus `other`, on the same items; empty or None: compared with none.
    """
    own = as_json(scores)
    return _write(
        path,
        kicker="An evaluation by textcl",
        title=facts[0][1],
        labels=(AGAINST, MODEL) if difference else (MODEL,),
        facts=facts,
        versions=[],
        recipe="",
        rows=compared(as_json(other), own, as_json(difference)) if other and difference else alone(own),
        curves=[],
        data=data,
        leakage=None,
        exports=[],
    )


def _write(path: Path, *, rows: list[ScoreRow], data: PageData | None, **rest: Any) -> Path:
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            rows=rows,
            headlines=headlines(rows),
            main=main_rows(rows),
            has_p=any(row.p is not None for row in rows),
            caution=caution(rows),
            figures=score_figures(rows),
            histograms=histogram_figures(data) if data else [],
            map=data.map if data else None,
            maps=map_figures(data.map, data.models) if data and data.map else [],
            models=data.models if data else (),
            queries=data.queries if data else {},
            made=data.made if data else "",
            textcl_version=version("textcl"),
            **rest,
        )
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
