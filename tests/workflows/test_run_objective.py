"""What an encoder learns from, by its recipe: objective, teacher, target, and data that suits them."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.recipe.minimal import errors_of, minimal
from tests.tiny import SENTENCES
from textcl.distributed import Ranks
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError, ModelError, RecipeError
from textcl.recipe import load
from textcl.training.target import EmaTarget, OnlineTarget, TeacherTarget
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role
from textcl.workflows.run.build import build_encoder, build_sources
from textcl.workflows.run.data import build_parts
from textcl.workflows.run.objective import (
    build_objective,
    build_target,
    build_teacher,
    refuse_unfit_batches,
    refuse_unlabelled,
)

parse = partial(load.parse, allow_code=[__name__])


class Plain(Objective):
    """An objective of a user: it has a width, which recipes fill in."""

    def __init__(self, dimension: int, factor: float = 1.0) -> None:
        super().__init__()
        self.head = torch.nn.Linear(dimension, 1)
        self.factor = factor

    def forward(self, batch: EmbeddedBatch) -> torch.Tensor:
        return self.factor * self.head(batch.views[0]).square().mean()


class Averaging(Plain):
    momentum = 0.9


class Taught(Plain):
    wants_teacher = True

    def __init__(self, dimension: int, teacher_dimension: int) -> None:
        super().__init__(dimension)
        self.teacher_dimension = teacher_dimension


class Picky(Plain):
    def check(self, roles: list[Role], *, scored: bool, labelled: bool) -> None:
        raise ValueError(f"found {len(roles)} views, scored {scored}, labelled {labelled}, but Picky takes none")


def recipe(folder: Path, objective: str, **encoder: Any) -> dict[str, Any]:
    (folder / "lines.txt").write_text("a\nb\nc\n", encoding="utf-8")
    return minimal(
        data={"sources": [{"use": "TextLines", "path": str(folder / "lines.txt")}], "max_length": 8},
        encoder={"backbone": "b"} | encoder,
        objective={"use": f"{__name__}:{objective}"},
        training={"precision": "float32"},
    )


def test_the_encoders_width_is_filled_in_and_no_setting_of_a_recipe(tmp_path: Path) -> None:
    assert build_objective(parse(recipe(tmp_path, "Plain")), dimension=6).head.in_features == 6
    raw = recipe(tmp_path, "Plain")
    raw["objective"]["dimension"] = 7
    assert errors_of(tmp_path, raw, allow_code=[__name__]) == [
        "objective.dimension: Plain has no such setting. It takes factor."
    ]


def test_random_weights_of_an_objective_follow_from_the_seed(tmp_path: Path) -> None:
    raw = recipe(tmp_path, "Plain")
    one, same, other = (build_objective(parse(r), dimension=6).head.weight for r in (raw, raw, {**raw, "seed": 18}))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_teacher_is_wanted_and_given_or_neither(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"^encoder\.teacher: found null, but .*Taught follows a teacher"):
        build_objective(parse(recipe(tmp_path, "Taught")), dimension=6)
    with pytest.raises(RecipeError, match=r"^encoder\.teacher: found big, but .*Plain follows no teacher"):
        build_objective(parse(recipe(tmp_path, "Plain", teacher="big")), dimension=6, teacher_dimension=9)
    objective = build_objective(parse(recipe(tmp_path, "Taught", teacher="big")), dimension=6, teacher_dimension=9)
    assert objective.teacher_dimension == 9


def test_the_target_is_what_the_objective_asks_for(tmp_path: Path, tiny_model_folder: Path) -> None:
    def target(objective: str, **encoder: Any) -> object:
        checked = parse(recipe(tmp_path, objective, **encoder | {"backbone": str(tiny_model_folder)}))
        teacher = build_teacher(checked, "cpu")
        width = None if teacher is None else teacher.dimension
        student = build_encoder(checked)
        return build_target(checked, student, build_objective(checked, student.dimension, width), teacher, Ranks())

    assert isinstance(target("Plain"), OnlineTarget)
    averaging = target("Averaging")
    assert isinstance(averaging, EmaTarget)
    assert averaging.momentum == 0.9
    taught = target("Taught", teacher=str(tiny_model_folder))
    assert isinstance(taught, TeacherTarget)
    expected = open_encoder(tiny_model_folder, device="cpu").encode(SENTENCES[:2], role="positive")
    assert (taught.embed(SENTENCES[:2], Role.POSITIVE) == expected).all()


def test_a_teacher_of_one_text_reads_that_view_alone(tmp_path: Path, tiny_model_folder: Path) -> None:
    reading = {"model": str(tiny_model_folder), "reads": "anchor"}
    checked = parse(recipe(tmp_path, "Taught", backbone=str(tiny_model_folder), teacher=reading))
    teacher, student = build_teacher(checked, "cpu"), build_encoder(checked)
    assert teacher is not None
    objective = build_objective(checked, student.dimension, teacher.dimension)
    target = build_target(checked, student, objective, teacher, Ranks())
    assert isinstance(target, TeacherTarget)
    assert target.reads is Role.ANCHOR


@pytest.mark.parametrize(("reads", "views"), [("positive", ["anchor"]), ("anchor", ["anchor", "positive", "negative"])])
def test_a_teacher_of_one_text_wants_a_view_of_it_and_no_negative(
    reads: str, views: list[str], tmp_path: Path, tiny_model_folder: Path
) -> None:
    raw = recipe(tmp_path, "Taught", teacher={"model": str(tiny_model_folder), "reads": reads})
    columns = {"anchor": "a", "positive": "b", "negative": "c", "label": "y"}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"a": f"a{n}"} | row) + "\n" for n, row in enumerate(ROWS)))
    source = {"use": "JsonLines", "path": str(tmp_path / "rows.jsonl"), **columns}
    raw["data"] = {"sources": [source], "max_length": 8, "views": [{"role": role} for role in views]}
    checked = parse(raw)
    (part,) = build_parts(checked, build_sources(checked))
    with pytest.raises(
        RecipeError, match=rf"^encoder\.teacher\.reads: found {reads}, but the views are {', '.join(views)}"
    ):
        refuse_unfit_batches(checked, build_objective(checked, 6, 6), part)


def test_a_model_that_is_not_there_is_told_with_its_location(tmp_path: Path, tiny_model_folder: Path) -> None:
    gone = str(tmp_path / "gone")
    with pytest.raises(ModelError, match=r"^encoder\.teacher: There is no folder .*gone"):
        build_teacher(parse(recipe(tmp_path, "Taught", teacher=gone)), "cpu")
    with pytest.raises(ModelError, match=r"^encoder\.backbone: There is no folder .*gone"):
        build_encoder(parse(recipe(tmp_path, "Plain", backbone=gone)))
    towers = recipe(tmp_path, "Plain", backbone=str(tiny_model_folder), documents={"backbone": gone})
    with pytest.raises(ModelError, match=r"^encoder\.documents\.backbone: There is no folder .*gone"):
        build_encoder(parse(towers))


def test_data_that_the_objective_can_not_use_is_refused_before_training(tmp_path: Path) -> None:
    checked = parse(recipe(tmp_path, "Picky"))
    (part,) = build_parts(checked, build_sources(checked))
    with pytest.raises(RecipeError, match=r"^objective: found 2 views, scored False, labelled False, but Picky"):
        refuse_unfit_batches(checked, build_objective(checked, 6), part)


GRADED = {"objective": {"use": "CosineRegression"}, "columns": {"positive": "b", "score": "s"}}
LABELLED = {"objective": {"use": "BatchHardTriplet"}, "columns": {"label": "y", "positive": None}}
TRIPLETS = {"objective": {"use": "InfoNCE"}, "columns": {"positive": "b", "negative": "c"}}


def unfit(folder: Path, rows: list[dict[str, object]], case: dict[str, Any]) -> None:
    """Refuse the rows of a file, if the case cannot use them."""
    (folder / "rows.jsonl").write_text("".join(json.dumps({"a": f"a{n}"} | row) + "\n" for n, row in enumerate(rows)))
    raw = recipe(folder, "Plain") | {"objective": case["objective"]}
    source = {"use": "JsonLines", "path": str(folder / "rows.jsonl"), "anchor": "a"}
    views = {"views": [{"role": "anchor"}]} if case is LABELLED else {}
    raw["data"] = {"sources": [source | case["columns"]], "max_length": 8, **views}
    checked = parse(raw)
    (part,) = build_parts(checked, build_sources(checked))
    refuse_unfit_batches(checked, build_objective(checked, 6), part)


ROWS = [{"b": f"b{n}", "c": [f"c{n}", f"d{n}"], "s": n % 7 / 7, "y": n % 3} for n in range(1500)]


@pytest.mark.parametrize("case", [GRADED, LABELLED, TRIPLETS])
def test_rows_that_fit_are_let_through(tmp_path: Path, case: dict[str, Any]) -> None:
    unfit(tmp_path, ROWS, case)


@pytest.mark.parametrize(
    ("case", "change", "told"),
    [
        (
            GRADED,
            {"s": 4.5},
            r"rows\.jsonl, line 1201: found a score of 4\.5, but CosineRegression takes scores from -1",
        ),
        (GRADED, {"s": -2}, r"rows\.jsonl, line 1201: found a score of -2, but CosineRegression takes scores from -1"),
        (
            {**GRADED, "objective": {"use": "Contrastive"}},
            {"s": 1.5},
            r"rows\.jsonl, line 1201: found a score of 1\.5, but Contrastive takes scores from 0 to 1",
        ),
        (TRIPLETS, {"c": ["c"]}, r"rows\.jsonl, line 1201: found 1 negatives, the views ask for 2"),
    ],
)
def test_a_row_that_the_run_would_stumble_over_is_told_before_training(
    tmp_path: Path, case: dict[str, Any], change: dict[str, object], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        unfit(tmp_path, [*ROWS[:1200], ROWS[1200] | change, *ROWS[1201:]], case)


@pytest.mark.parametrize(
    ("case", "column", "value", "told"),
    [
        (LABELLED, "y", lambda n: 1, r"^objective: found one label for all rows, but BatchHardTriplet"),
        (LABELLED, "y", lambda n: n, r"^objective: found no label twice, but BatchHardTriplet"),
        ({**GRADED, "objective": {"use": "CoSENT"}}, "s", lambda n: 3, r"found a score of 3 for all rows, but CoSENT"),
        (
            {**GRADED, "objective": {"use": "Sum", "objectives": [{"use": "AnglE"}]}},
            "s",
            lambda n: 3,
            r"found a score of 3 for all rows, but AnglE",
        ),
    ],
)
def test_rows_that_hold_no_contrast_are_told_before_training(
    tmp_path: Path, case: dict[str, Any], column: str, value: Callable[[int], object], told: str
) -> None:
    with pytest.raises(RecipeError, match=told):
        unfit(tmp_path, [row | {column: value(number)} for number, row in enumerate(ROWS[:20])], case)


def test_groups_of_labels_need_labels(tmp_path: Path) -> None:
    raw = recipe(tmp_path, "Plain")
    raw["data"]["rows_per_label"] = 2
    checked = parse(raw)
    with pytest.raises(RecipeError, match=r"^data\.rows_per_label: found 2, but the rows carry no labels"):
        refuse_unlabelled(checked, build_sources(checked))


def test_labelled_rows_need_no_positive_view(tmp_path: Path) -> None:
    raw = recipe(tmp_path, "Plain")
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "label": 1}\n{"text": "b", "label": 2}\n', encoding="utf-8")
    raw["data"] = {
        "sources": [
            {
                "use": "JsonLines",
                "path": str(tmp_path / "rows.jsonl"),
                "anchor": "text",
                "positive": None,
                "label": "label",
            }
        ],
        "views": [{"role": "anchor"}],
    }
    checked = parse(raw)
    (part,) = build_parts(checked, build_sources(checked))
    assert [view.role for view in part.views] == [Role.ANCHOR]
