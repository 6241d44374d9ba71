"""Several sources in a recipe: what each has of its own, how they mix, and that a mixed run goes on bit for bit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from tests.recipe.minimal import errors_of, minimal
from tests.tiny import SENTENCES
from textcl.errors import DataError, RecipeError
from textcl.objectives.composed import BySource
from textcl.objectives.cosent import CoSENT
from textcl.objectives.info_nce import InfoNCE
from textcl.recipe.load import load_recipe, parse, resolved
from textcl.types.protocols import StepLog
from textcl.types.text import Role, Source
from textcl.util.progress import Progress
from textcl.workflows.run.build import build_sources
from textcl.workflows.run.objective import build_objective
from textcl.workflows.run.prepare import plan, prepare
from textcl.workflows.run.train import train_recipe

TEXTS = [f"{text} {word}" for text in SENTENCES for word in ("now", "then", "again", "never", "once", "here")]


@pytest.fixture
def raw(tmp_path: Path, tiny_model_folder: Path) -> dict[str, Any]:
    """Pairs, graded pairs, labelled texts and plain text, each trained on in its own way."""
    rows = {
        "pairs": [{"anchor": text, "positive": f"{text} too"} for text in TEXTS[:10]],
        "graded": [{"anchor": text, "positive": text[5:] + "x", "score": n / 9} for n, text in enumerate(TEXTS[:9])],
        "labelled": [{"anchor": text, "label": n % 3} for n, text in enumerate(TEXTS[:12])],
    }
    for name, entries in rows.items():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    (tmp_path / "lines.txt").write_text("\n".join(TEXTS[:24]) + "\n")
    json_lines = {name: {"use": "JsonLines", "path": str(tmp_path / f"{name}.jsonl")} for name in rows}
    sources = [
        json_lines["pairs"],
        {"name": "graded", "source": json_lines["graded"] | {"score": "score"}, "objective": {"use": "CoSENT"}},
        {
            "name": "labelled",
            "source": json_lines["labelled"] | {"positive": None, "label": "label"},
            "views": [{"role": "anchor"}],
            "objective": {"use": "SupCon"},
        },
        {
            "name": "lines",
            "source": {"use": "TextLines", "path": str(tmp_path / "lines.txt")},
            "views": [{"role": "anchor"}, {"role": "positive", "augment": [{"use": "SpanCrop", "low": 0.5}]}],
            "objective": {"use": "SimCLR", "projection": 8},
            "prompts": {"anchor": "a dog "},
        },
    ]
    return minimal(
        data={"sources": sources, "mixing": {"weights": [1, 1, 1, 2]}, "batch_size": 4, "max_length": 12},
        encoder={"backbone": str(tiny_model_folder)},
        training={"steps": 16, "learning_rate": 1e-2, "save_every": 5, "precision": "float32"},
    )


def with_(raw: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {**raw, "data": {**raw["data"], **data}}


def test_each_source_has_its_views_its_objective_and_its_prompts(raw: dict[str, Any]) -> None:
    made = prepare(parse(raw), "cpu")
    assert isinstance(made.objective, BySource)
    batches = {batch.source: batch for batch in map(made.batches.batch, range(made.batches.steps_per_epoch))}
    roles = {name: [view.role for view in batch.views] for name, batch in batches.items()}
    pair = [Role.ANCHOR, Role.POSITIVE]
    assert roles == {"sources.0": pair, "graded": pair, "labelled": [Role.ANCHOR], "lines": pair}
    assert {name for name, batch in batches.items() if batch.scores is not None} == {"graded"}
    assert {name for name, batch in batches.items() if batch.labels is not None} == {"labelled"}
    prompted = made.encoder.tokenizer("a dog")["input_ids"][1:-1]
    assert all(ids[1 : 1 + len(prompted)].tolist() == prompted for ids in batches["lines"].views[0].tokens.ids)
    assert made.encoder.prompts[Role.ANCHOR] == ""


def test_sources_without_an_objective_share_the_recipes(raw: dict[str, Any]) -> None:
    raw["data"]["sources"][3].pop("objective")
    objective = build_objective(parse(raw), dimension=16)
    assert isinstance(objective, BySource)
    assert sorted(type(own).__name__ for own in objective.objectives) == ["CoSENT", "InfoNCE", "SupCon"]
    alone = with_(raw, sources=raw["data"]["sources"][:1] * 2, mixing={})
    assert isinstance(build_objective(parse(alone), dimension=16), InfoNCE)


def test_a_mixed_recipe_resolves_to_an_equal_one(raw: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "resolved.yaml").write_text(resolved(parse(raw)))
    assert load_recipe(str(tmp_path / "resolved.yaml")) == parse(raw)
    spelled = parse(raw).model_dump()["data"]["sources"][3]
    assert spelled["source"]["use"] == "TextLines"
    assert spelled["objective"]["temperature"] == 0.05  # a default, spelled out


class Interrupted(Progress):
    """Ends a run after a step, as a kill would."""

    def step(self, entry: StepLog) -> None:
        if entry.step == 8:
            raise KeyboardInterrupt


def test_a_mixed_run_goes_on_in_the_middle_of_an_epoch_bit_for_bit(raw: dict[str, Any], tmp_path: Path) -> None:
    recipe = parse(raw)
    train_recipe(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train_recipe(recipe, tmp_path / "broken", resume=False, progress=Interrupted())
    assert [path.name for path in (tmp_path / "broken/checkpoints").iterdir()] == ["step-5"]
    assert prepare(recipe, "cpu").batches.steps_per_epoch > 5
    other = parse(with_(raw, workers=2))  # changes no number
    train_recipe(other, tmp_path / "broken", resume=True)
    whole, broken = (load_file(tmp_path / run / "model/model.safetensors") for run in ("whole", "broken"))
    assert all(np.array_equal(value, broken[name]) for name, value in whole.items())
    states = [torch.load(tmp_path / run / "checkpoints/step-16/training.pt") for run in ("whole", "broken")]
    assert all(torch.equal(value, states[1]["objective"][name]) for name, value in states[0]["objective"].items())
    logs = [(tmp_path / run / "log.jsonl").read_text().splitlines() for run in ("whole", "broken")]
    published = [[(line["source"], line["loss"], line["readings"]) for line in map(json.loads, log)] for log in logs]
    assert published[0] == published[1]
    assert {source for source, _, readings in published[0] if readings} == {"sources.0", "graded", "labelled", "lines"}


def test_rows_side_by_side_share_every_batch(raw: dict[str, Any], tmp_path: Path) -> None:
    lines = raw["data"]["sources"][3]["source"]
    (tmp_path / "few.txt").write_text("\n".join(TEXTS[30:36]) + "\n")
    few = {"use": "TextLines", "path": str(tmp_path / "few.txt")}
    mixing = {"weights": [1, 3], "one_source_per_batch": False}
    found = plan(parse(with_(raw, sources=[few, lines], mixing=mixing, views=None)))
    assert [(own.name, own.rows, own.steps) for own in found.mix] == [("sources.0", 6, 8), ("sources.1", 24, 8)]
    assert [own.drawn for own in found.mix] == [8, 22]  # of 30: 7.5 and 22.5
    assert len(found.parts) == 1


def test_a_plan_counts_what_each_source_gives_to_the_first_epoch(raw: dict[str, Any]) -> None:
    recipe = parse(raw)
    found, batches = plan(recipe), prepare(recipe, "cpu").batches
    made = [batches.batch(step) for step in range(batches.steps_per_epoch)]
    for own in found.mix:
        mine = [batch for batch in made if batch.source == own.name]
        assert (own.steps, own.drawn) == (len(mine), sum(len(batch.rows) for batch in mine))
        assert own.drawn_share == pytest.approx(own.drawn / sum(len(batch.rows) for batch in made))
    assert [own.share for own in found.mix] == [0.2, 0.2, 0.2, 0.4]
    assert [part.name for part in found.parts] == ["sources.0", "graded", "labelled", "lines"]
    assert found.parts[3].lengths.changed_shares[1] > 0.2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"mixing": {"weights": [1, 2]}},
            "data: found 2 weights in mixing for 4 sources; give each source one.",
        ),
        (
            {"mixing": {"weights": [1, 1, 1, 1], "temperature": 2}},
            "data.mixing: found both weights and temperature; keep one, set the other to null.",
        ),
        (
            {"mixing": {"weights": [1, 0, 1, 1]}},
            "data.mixing.weights.1: found 0, but it must be at least 1e-09.",
        ),
        (
            {"mixing": None},
            "data: source 'graded' has views, prompts or an objective of its own, but a batch may hold rows of several "
            "sources. Let them take turns: mixing: {temperature: 1}.",
        ),
        (
            {"mixing": {"one_source_per_batch": False}},
            "data: source 'graded' has views, prompts or an objective of its own, but a batch may hold rows of several "
            "sources. Let them take turns: mixing: one_source_per_batch: true.",
        ),
        (
            {"mixing": {"temprature": 2}},
            "data.mixing.temprature: data.mixing has no such setting. It takes weights, temperature, "
            "one_source_per_batch. Did you mean 'temperature'?",
        ),
    ],
)
def test_a_mix_that_can_not_be_is_told_before_anything_is_read(
    raw: dict[str, Any], tmp_path: Path, data: dict[str, Any], message: str
) -> None:
    assert errors_of(tmp_path, with_(raw, **data)) == [message]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"prompt": {}}, "data.sources.1.prompt: data.sources.1 has no such setting. It takes name, source, views, "),
        ({"name": "lines"}, "data: two sources are called 'lines'; give each its own name."),
        ({"objective": {"use": "CoSENT", "tau": 1}}, "data.sources.1.objective.tau: CoSENT has no such setting."),
        ({"views": [{"role": "query"}]}, "data.sources.1.views.0.role: found 'query', but it must be anchor, "),
        ({"source": {"use": "JsonLine"}}, "data.sources.1.source.use: there is no source 'JsonLine'."),
        ({"source": "x.jsonl"}, "data.sources.1.source: found 'x.jsonl', but it must be a component, as in {use: x."),
    ],
)
def test_errors_of_a_named_source_are_told_with_their_location(
    raw: dict[str, Any], tmp_path: Path, entry: dict[str, Any], message: str
) -> None:
    raw["data"]["sources"][1] |= entry
    (error,) = errors_of(tmp_path, raw)
    assert error.startswith(message)


def test_data_that_a_sources_objective_can_not_use_is_told_with_its_location(raw: dict[str, Any]) -> None:
    raw["data"]["sources"][1]["source"].pop("score")
    with pytest.raises(RecipeError, match=r"^data\.sources\.1\.objective: .*scores"):
        prepare(parse(raw), "cpu")
    raw["data"]["sources"][1].pop("objective")
    raw["objective"] = {"use": "CoSENT"}
    with pytest.raises(RecipeError, match=r"^objective: sources\.0, .*scores"):
        prepare(parse(raw), "cpu")


def test_views_of_a_source_need_an_anchor_and_texts_that_suit_them(raw: dict[str, Any]) -> None:
    raw["data"]["sources"][3]["views"] = [{"role": "anchor"}]
    with pytest.raises(RecipeError, match=r"^data\.sources\.3\.views: found the roles anchor, but there must be"):
        prepare(parse(raw), "cpu")


class Empty(Source):
    """A source of a user's own without rows."""

    fingerprint = "none"

    def __len__(self) -> int:
        return 0

    def __getitem__(self, row: int) -> None:
        raise IndexError(row)

    def location(self, row: int) -> str:
        return "nowhere"


def test_a_source_without_rows_is_named(raw: dict[str, Any]) -> None:
    raw["data"]["sources"][1]["source"] = {"use": f"{__name__}:Empty"}
    with pytest.raises(DataError, match=r"^data\.sources\.1\.source: found no rows in the source"):
        build_sources(parse(raw, allow_code=[__name__]))


def test_objectives_of_different_targets_are_refused(raw: dict[str, Any]) -> None:
    raw["data"]["sources"][0] = {"name": "a", "source": raw["data"]["sources"][0], "objective": {"use": "MoCo"}}
    raw["data"]["sources"][3]["objective"] = {"use": "BYOL", "momentum": 0.5}
    with pytest.raises(RecipeError, match=r"^data\.sources\.\*\.objectives: found 2 values of momentum"):
        build_objective(parse(raw), dimension=16)


def test_labels_are_grouped_where_a_source_has_them(raw: dict[str, Any]) -> None:
    batches = prepare(parse(with_(raw, rows_per_label=2)), "cpu").batches
    labelled = [batch for batch in map(batches.batch, range(batches.steps_per_epoch)) if batch.source == "labelled"]
    for batch in labelled:
        assert sorted(np.unique(batch.labels, return_counts=True)[1].tolist()) == [2, 2]
    side_by_side = {"one_source_per_batch": False}
    sources = [raw["data"]["sources"][0], raw["data"]["sources"][0]]
    with pytest.raises(RecipeError, match="rows_per_label orders the rows of one source"):
        parse(with_(raw, sources=sources, mixing=side_by_side, rows_per_label=2))


def test_the_objective_of_graded_rows_is_built_as_the_source_says(raw: dict[str, Any]) -> None:
    raw["data"]["sources"][1]["objective"] = {"use": "CoSENT", "temperature": 0.5}
    built = build_objective(parse(raw), dimension=16)
    assert [own.temperature for own in built.objectives if isinstance(own, CoSENT)] == [0.5]
