"""From pairs to mined and scored rows, and from these to a model: the way of `docs/mining-and-cleaning.md`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tiny import SENTENCES
from textcl.distributed import Ranks
from textcl.embedding.embed import kept_embed
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError, RecipeError
from textcl.recipe.load import load_recipe
from textcl.training.target import TeacherTarget
from textcl.types.text import Role
from textcl.workflows.mine import mine
from textcl.workflows.run.build import build_encoder
from textcl.workflows.run.objective import build_objective, build_target, build_teacher
from textcl.workflows.run.prepare import prepare
from textcl.workflows.run.train import train_recipe


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def mined(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """Pairs with two negatives each, all scored by the tiny model."""
    texts = [f"{text} {word}" for text in SENTENCES for word in ("now", "then", "again")]
    rows = [json.dumps({"anchor": f"what of {text}", "positive": text}) for text in texts]
    (tmp_path / "pairs.jsonl").write_text("\n".join(rows), encoding="utf-8")
    mine(str(tiny_model_folder), tmp_path / "pairs.jsonl", tmp_path / "mined.jsonl", negatives=2, first=0, last=9)
    return tmp_path / "mined.jsonl"


def recipe(mined: Path, model: Path, *changes: str) -> Any:
    short = ("data.batch_size=8", "data.max_length=16", "training.epochs=2", "data.workers=0")
    return load_recipe("listwise", [f"data.sources.0.path={mined}", f"encoder.backbone={model}", *short, *changes])


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("objective", ["{use: ListwiseKL}", "{use: MarginMSE}"])
def test_mined_scores_are_trained_on_with_every_number_of_workers(
    mined: Path, tiny_model_folder: Path, tmp_path: Path, objective: str
) -> None:
    made = prepare(recipe(mined, tiny_model_folder), "cpu")
    assert made.batches.batch(0).scores.shape == (8, 3)
    changes = (f"objective={objective}", "training.learning_rate=1e-3", "encoder.layers=1")
    here = train_recipe(recipe(mined, tiny_model_folder, *changes), tmp_path / "here")
    by_workers = train_recipe(recipe(mined, tiny_model_folder, *changes, "data.workers=2"), tmp_path / "workers")
    assert losses(here.folder) == losses(by_workers.folder)
    assert sum(losses(here.folder)[-3:]) < sum(losses(here.folder)[:3])


def test_a_row_without_one_of_its_scores_is_refused_before_training(mined: Path, tiny_model_folder: Path) -> None:
    rows = [json.loads(line) for line in mined.read_text().splitlines()]
    rows[4]["scores"].pop()
    mined.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=r"mined\.jsonl, line 5, column .*: found 2 scores for 1 positives and 2"):
        prepare(recipe(mined, tiny_model_folder), "cpu")


def test_scores_that_the_objective_cannot_use_are_refused_before_training(mined: Path, tiny_model_folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"^objective: found one score for a row, but ListwiseKL takes one for"):
        prepare(recipe(mined, tiny_model_folder, "data.sources.0.score=positive_score"), "cpu")
    with pytest.raises(RecipeError, match=r"^objective: found rows without scores, but ListwiseKL"):
        prepare(recipe(mined, tiny_model_folder, "data.sources.0.score=null"), "cpu")
    scaled = recipe(mined, tiny_model_folder, "objective={use: MarginMSE, score_scale: 0.01}")
    with pytest.raises(DataError, match=r"mined\.jsonl, line \d+: found a margin of .*, but cosines differ by 2"):
        prepare(scaled, "cpu")


def test_graded_pairs_are_still_pairs_when_their_scores_are_a_list(mined: Path, tiny_model_folder: Path) -> None:
    pairs = "data.views=[{role: anchor}, {role: positive}]"
    made = prepare(recipe(mined, tiny_model_folder, pairs, "objective={use: CoSENT}"), "cpu")
    assert made.batches.batch(0).scores.shape == (8,)


def target_of(checked: Any) -> TeacherTarget:
    teacher, encoder = build_teacher(checked, "cpu"), build_encoder(checked)
    objective = build_objective(checked, encoder.dimension, teacher.dimension)
    target = build_target(checked, encoder, objective, teacher, Ranks())
    assert isinstance(target, TeacherTarget)
    return target


def test_a_guide_gives_the_targets_of_info_nce(mined: Path, tiny_model_folder: Path, tmp_path: Path) -> None:
    guided = f"objective={{use: InfoNCE, guide: {tiny_model_folder}}}"
    checked = recipe(mined, tiny_model_folder, "data.sources.0.score=null", "training.precision=float32", guided)
    expected = open_encoder(tiny_model_folder, device="cpu").encode(SENTENCES[:3], role="positive")
    np.testing.assert_allclose(target_of(checked).embed(SENTENCES[:3], Role.POSITIVE), expected, atol=1e-6)
    assert len(losses(train_recipe(checked, tmp_path / "run").folder)) == 6


def test_a_guide_inside_a_sum_is_found_and_two_models_are_refused(mined: Path, tiny_model_folder: Path) -> None:
    inner = f"{{use: InfoNCE, guide: {tiny_model_folder}}}"
    summed = f"objective={{use: Sum, objectives: [{{use: ListwiseKL}}, {inner}], weights: [400, 1]}}"
    assert target_of(recipe(mined, tiny_model_folder, summed)).dimension == 16
    message = r"^objective\.objectives\.1\.guide: found .*tiny-model, but encoder\.teacher is other, and a run has one"
    with pytest.raises(RecipeError, match=message):
        build_teacher(recipe(mined, tiny_model_folder, summed, "encoder.teacher=other"), "cpu")


def test_a_teacher_embeds_each_text_once_in_all_runs(tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    encode = Encoder.encode

    def counted(self: Encoder, texts: list[str], **settings: Any) -> np.ndarray:
        seen.extend(texts)
        return encode(self, texts, **settings)

    monkeypatch.setattr(Encoder, "encode", counted)
    first = kept_embed(open_encoder(tiny_model_folder), "float32", is_kept=True)
    vectors = first(SENTENCES, Role.POSITIVE)
    assert sorted(seen) == sorted(SENTENCES)
    again = kept_embed(open_encoder(tiny_model_folder), "float32", is_kept=True)
    assert (again([*SENTENCES, "fish"], Role.POSITIVE)[: len(SENTENCES)] == vectors).all()
    assert len(seen) == len(SENTENCES)
    kept_embed(open_encoder(tiny_model_folder), "float32", is_kept=False)(SENTENCES, Role.POSITIVE)
    assert len(seen) == 2 * len(SENTENCES)


def test_a_cache_that_cannot_be_written_is_told_and_done_without(
    tiny_model_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("no folder")
    embed = kept_embed(open_encoder(tiny_model_folder), "float32", is_kept=True)
    assert embed(SENTENCES, Role.ANCHOR).shape == (len(SENTENCES), 16)
    assert "The teacher's vectors are not kept" in caplog.text
