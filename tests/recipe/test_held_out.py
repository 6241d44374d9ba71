"""What a recipe may say of rows that are held out."""

from pathlib import Path
from typing import Any

import pytest

from tests.recipe.minimal import errors_of, minimal
from textcl.recipe.load import load_recipe, parse, resolved
from textcl.recipe.section import Component, HeldOutRows

LINES = {"use": "TextLines", "path": "lines.txt"}


def held(value: Any, *sources: dict[str, Any]) -> dict[str, Any]:
    return minimal(data={"sources": list(sources or (LINES,)), "held_out": value})


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        (0.05, 0.05),
        (500, 500),
        ("dev.txt", "dev.txt"),
        ({"share": 0.1, "seed": 3}, HeldOutRows(share=0.1, seed=3)),
        ({"rows": 7}, HeldOutRows(rows=7)),
        ({"use": "TextLines", "path": "dev.txt"}, Component.model_validate({"use": "TextLines", "path": "dev.txt"})),
    ],
)
def test_a_share_a_number_a_file_and_a_source_are_held_out(value: Any, read: Any, tmp_path: Path) -> None:
    recipe = parse(held(value))
    assert recipe.data.held_out == read
    (tmp_path / "again.yaml").write_text(resolved(recipe))
    assert load_recipe(str(tmp_path / "again.yaml")) == recipe


@pytest.mark.parametrize(("change", "read"), [("0.05", 0.05), ("500", 500), ("dev.txt", "dev.txt"), ("null", None)])
def test_the_command_line_can_say_it(change: str, read: Any) -> None:
    assert load_recipe(minimal(), [f"data.held_out={change}"]).data.held_out == read


_MUST_BE = "but it must be a fraction below 1, a whole number of rows, a file, or a source."


@pytest.mark.parametrize(
    ("value", "message"),
    [
        *((value, f"data.held_out: found {shown}, {_MUST_BE}") for value, shown in [
            (0, "0"), (0.0, "0.0"), (1.0, "1.0"), (1.5, "1.5"), (-3, "-3"), (True, "true"), ([], "[]"), ("", "''"),
            (float("nan"), "NaN"), (float("inf"), "Infinity"),
        ]),
        ({}, "data.held_out: found neither share nor rows; give one."),
        ({"share": 0.1, "rows": 3}, "data.held_out: found both share and rows; keep one."),
        ({"share": 2.0}, "data.held_out.share: found 2.0, but it must be below 1."),
        ({"rows": 0}, "data.held_out.rows: found 0, but it must be at least 1."),
        ({"part": 0.1}, "data.held_out.part: data.held_out has no such setting. It takes share, rows, seed."),
        ({"use": "TextLine", "path": "a"}, "data.held_out.use: there is no source 'TextLine'."),
        ({"use": "TextLines"}, "data.held_out.path: missing, but TextLines needs text here."),
    ],
)  # fmt: skip
def test_what_cannot_be_held_out_is_refused_in_a_line(value: Any, message: str, tmp_path: Path) -> None:
    lines = errors_of(tmp_path, held(value))
    assert len(lines) == 1, lines
    assert lines[0].startswith(message)


def test_a_file_alone_is_read_as_the_one_source_is(tmp_path: Path) -> None:
    words = "write the held-out rows as a source: held_out: {use: JsonLines, path: …}."
    [line] = errors_of(tmp_path, held("dev.txt", LINES, LINES))
    assert line == f"data: held_out names a file to be read as the source is, but there are several sources; {words}"
    [line] = errors_of(tmp_path, held("dev.txt", {"use": "Docstrings", "packages": ["numpy"]}))
    assert line.endswith(f"but Docstrings takes no path; {words}")


def test_the_task_of_held_out_rows_needs_such_rows(tmp_path: Path) -> None:
    [line] = errors_of(tmp_path, minimal(evaluation={"after": ["held-out"]}))
    expected = "evaluation.after.0: found 'held-out', but no rows are held out: give data.held_out, as in"
    assert line.startswith(expected)
    recipe = held(0.1) | {"evaluation": {"after": ["held-out"], "during": {"tasks": "held-out", "every": 5}}}
    assert parse(recipe).evaluation.during is not None


@pytest.mark.parametrize(
    ("during", "message"),
    [
        ({}, "evaluation.during: found no tasks; give some, as in tasks: [held-out]."),
        ({"tasks": "nope"}, "evaluation.during.tasks.0: there is no suite 'nope'."),
        ({"suite": "nope"}, "evaluation.during.suite: there is no suite 'nope'."),
        ({"tasks": 5}, "evaluation.during.tasks: found 5, but it must be a list."),
        ({"tasks": [5]}, "evaluation.during.tasks.0: found 5, but it must be a mapping of settings."),
        (
            {"tasks": [{"name": "x"}]},
            "evaluation.during.tasks.0.source: missing. Give the held-out pairs, a component.",
        ),
        (
            {"tasks": [{"name": "x", "source": {"use": "TextLine", "path": "a"}}]},
            "evaluation.during.tasks.0.source.use: there is no source 'TextLine'.",
        ),
        ({"tasks": "held-out"}, "evaluation.during.tasks.0: found 'held-out', but no rows are held out"),
        ({"tasks": "sts-dev", "patience": 0}, "evaluation.during.patience: found 0, but it must be at least 1."),
        (
            {"tasks": "sts-dev", "patience": 3},
            "evaluation.during: patience counts by one score: give keep_best_by, as in stsb-dev/spearman, or score "
            "held-out.",
        ),
        (
            {"tasks": "sts-dev", "beyond_noise": True},
            "evaluation.during: beyond_noise is true, but nothing is counted: give patience, as in 3.",
        ),
        (
            {"tasks": "sts-dev", "beyond_noise": "yes"},
            "evaluation.during.beyond_noise: found 'yes', but it must be true or false.",
        ),
    ],
)
def test_what_cannot_be_scored_on_the_way_is_refused_in_a_line(
    during: dict[str, Any], message: str, tmp_path: Path
) -> None:
    lines = errors_of(tmp_path, minimal(evaluation={"during": {"every": 5, **during}}))
    assert len(lines) == 1, lines
    assert lines[0].startswith(message)
