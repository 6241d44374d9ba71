"""Two towers from a recipe: built, refused, trained, scored, gone on with, and used."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from tests.cli.running import run
from tests.recipe.minimal import errors_of, minimal
from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.encoder.two_tower import TwoTower
from textcl.errors import RecipeError
from textcl.recipe.load import parse
from textcl.recipe.schema import Recipe
from textcl.types.text import Role
from textcl.workflows.run.build import build_encoder
from textcl.workflows.run.prepare import plan
from textcl.workflows.run.train import train_recipe


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two encoders of one width, `bert` and `roberta`."""
    folder = tmp_path_factory.mktemp("models")
    tiny_encoder(prompts={"anchor": "query: "}).save(folder / "bert")
    tiny_encoder("cls", kind="roberta", prompts={"positive": "answer: "}).save(folder / "roberta")
    return folder


@pytest.fixture(scope="module")
def raw(models: Path) -> dict[str, Any]:
    """A recipe over 20 pairs, 8 a batch, with a tower each for questions and answers."""
    rows = [{"anchor": f"the man sees {row} birds", "positive": f"birds {row} in the tree"} for row in range(20)]
    for name, part in (("pairs", rows), ("held-out", [*rows[3:9], *rows[12:16]])):
        (models / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    held_out = {"name": "held-out", "source": {"use": "JsonLines", "path": str(models / "held-out.jsonl")}}
    return minimal(
        data={
            "sources": [{"use": "JsonLines", "path": str(models / "pairs.jsonl")}],
            "max_length": 16,
            "batch_size": 8,
        },
        encoder={
            "backbone": str(models / "bert"),
            "dropout": 0.1,
            "documents": {"backbone": str(models / "roberta"), "dropout": 0.2},
        },
        training={"steps": 6, "learning_rate": 1e-3, "save_every": 3, "precision": "float32", "chunk_tokens": 64},
        evaluation={
            "during": {"suite": "sts-smoke", "every": 3, "keep_best_by": "sts-smoke/spearman"},
            "after": [held_out, "sts-smoke"],
        },
    )


def changed(raw: dict[str, Any], **documents: Any) -> Recipe:
    return parse({**raw, "encoder": {**raw["encoder"], "documents": documents}})


@pytest.fixture(scope="module")
def finished(raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "unbroken"
    train_recipe(parse(raw), folder)
    return folder


def test_documents_get_an_encoder_of_their_own(raw: dict[str, Any]) -> None:
    encoder = build_encoder(parse(raw))

    assert isinstance(encoder, TwoTower)
    assert [tower.backbone.config.model_type for tower in (encoder.queries, encoder.documents)] == ["bert", "roberta"]
    assert [tower.pooling for tower in (encoder.queries, encoder.documents)] == ["mean", "cls"]
    assert [tower.dropout for tower in (encoder.queries, encoder.documents)] == pytest.approx([0.1, 0.2])
    assert dict(encoder.prompts) == {"anchor": "query: ", "positive": "answer: ", "negative": "answer: "}


def test_what_documents_leave_out_is_as_in_the_encoder(raw: dict[str, Any]) -> None:
    section = {**raw["encoder"], "pooling": "max", "layers": 1, "prompts": {"anchor": "a ", "positive": "p "}}
    encoder = build_encoder(changed({**raw, "encoder": section}))

    for tower in (encoder.queries, encoder.documents):
        assert tower.backbone.config.model_type == "bert"
        assert (tower.pooling, tower.max_length, tower.backbone.config.num_hidden_layers) == ("max", 16, 1)
        assert tower.dropout == pytest.approx(0.1)
    assert dict(encoder.prompts) == {"anchor": "a ", "positive": "p ", "negative": "p "}
    first, second = (tower.backbone.state_dict() for tower in (encoder.queries, encoder.documents))
    assert all(torch.equal(first[name], weight) for name, weight in second.items())
    assert not set(map(id, encoder.queries.parameters())) & set(map(id, encoder.documents.parameters()))


def test_each_tower_has_the_length_of_its_own_role(raw: dict[str, Any], tmp_path: Path) -> None:
    data = {**raw["data"], "max_length": {"anchor": 6, "positive": 11}}
    encoder = build_encoder(parse({**raw, "data": data}))
    encoder.save(tmp_path / "towers")
    again = build_encoder(parse({**raw, "data": data, "encoder": {"backbone": str(tmp_path / "towers")}}))

    for towers in (encoder, again):
        assert (towers.queries.max_length, towers.documents.max_length) == (6, 11)
        assert not towers.queries.lengths
        assert not towers.documents.lengths


def test_documents_may_undo_what_the_encoder_says(raw: dict[str, Any]) -> None:
    section = {**raw["encoder"], "random_init": True, "pool_prompt": False}
    encoder = build_encoder(changed({**raw, "encoder": section}, random_init=False, pool_prompt=True, dropout=0.0))

    assert (encoder.queries.pool_prompt, encoder.documents.pool_prompt) == (False, True)
    assert encoder.documents.dropout == 0
    saved = open_encoder(raw["encoder"]["backbone"], device="cpu").state_dict()
    assert all(torch.equal(weight, saved[name]) for name, weight in encoder.documents.state_dict().items())
    assert not all(torch.equal(weight, saved[name]) for name, weight in encoder.queries.state_dict().items())


def test_random_weights_of_the_towers_differ_and_follow_from_the_seed(raw: dict[str, Any]) -> None:
    section = {**raw["encoder"], "random_init": True}
    first, again = (build_encoder(changed({**raw, "encoder": section})) for _ in range(2))

    weights = [next(tower.parameters()) for tower in (first.queries, first.documents, again.documents)]
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights[1], weights[2])


def test_no_documents_are_one_encoder_for_all_roles(raw: dict[str, Any]) -> None:
    assert isinstance(build_encoder(parse({**raw, "encoder": {**raw["encoder"], "documents": None}})), Encoder)


def test_two_saved_towers_are_a_backbone_too(raw: dict[str, Any], finished: Path) -> None:
    section = {"backbone": str(finished), "dropout": 0.3}
    encoder = build_encoder(parse({**raw, "encoder": section}))

    assert isinstance(encoder, TwoTower)
    assert [tower.dropout for tower in (encoder.queries, encoder.documents)] == pytest.approx([0.3, 0.3])


def test_errors_are_told_with_their_location(raw: dict[str, Any], finished: Path, models: Path) -> None:
    with pytest.raises(RecipeError, match=r"^encoder\.documents\.layers is 9; this backbone has 2"):
        build_encoder(changed(raw, layers=9))
    with pytest.raises(RecipeError, match=r"^encoder\.documents\.backbone: .*unbroken holds two towers"):
        build_encoder(changed(raw, backbone=str(finished)))
    with pytest.raises(RecipeError, match=r"^encoder\.documents: found a tower, but .*unbroken brings one of its own"):
        build_encoder(changed({**raw, "encoder": {"backbone": str(finished)}}, pooling="cls"))
    with pytest.raises(RecipeError, match=r"^data\.max_length is 63; .* at most 62"):
        build_encoder(parse({**raw, "data": {**raw["data"], "max_length": 63}}))


def test_towers_of_other_widths_are_refused(raw: dict[str, Any], minilm: str) -> None:
    with pytest.raises(RecipeError, match=r"^encoder\.documents: The towers' vectors .* 16 channels, .* 384\."):
        build_encoder(changed(raw, backbone=minilm, layers=1))


def test_a_misspelt_setting_is_told_with_those_there_are(tmp_path: Path) -> None:
    lines = errors_of(tmp_path, minimal(encoder={"backbone": "some/encoder", "documents": {"bakbone": "x"}}))

    assert lines == [
        "encoder.documents.bakbone: encoder.documents has no such setting. It takes backbone, pooling, layers, "
        "dropout, pool_prompt, random_init, is_causal, append_eos, new_words, weights, adapter. Did you mean "
        "'backbone'?"
    ]


def test_a_tower_that_no_view_is_for_is_refused(raw: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"anchor": sentence, "label": row % 2} for row, sentence in enumerate(SENTENCES)]
    (tmp_path / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"use": "JsonLines", "path": str(tmp_path / "labelled.jsonl"), "positive": None, "label": "label"}
    data = {"sources": [source], "views": [{"role": "anchor"}], "max_length": 16}

    with pytest.raises(RecipeError, match=r"^encoder\.documents: found a tower for documents, but every view is an a"):
        plan(parse({**raw, "data": data, "evaluation": {}}))


def test_a_plan_counts_the_parameters_of_both_towers(raw: dict[str, Any]) -> None:
    one = plan(parse({**raw, "encoder": {**raw["encoder"], "documents": None}}))
    two = plan(changed(raw))

    assert two.parameters == 2 * one.parameters
    assert two.parts[0].lengths == one.parts[0].lengths


def test_training_moves_both_towers_and_finds_the_answers(raw: dict[str, Any], finished: Path) -> None:
    start, trained = build_encoder(parse(raw)), open_encoder(finished / "checkpoints/step-6/model", device="cpu")

    for name in ("queries", "documents"):
        before, after = (getattr(encoder, name).state_dict() for encoder in (start, trained))
        assert max((after[key] - before[key]).abs().max() for key in before) > 1e-3
    log = [json.loads(line) for line in (finished / "log.jsonl").read_text().splitlines()]
    assert len(log) == 6
    assert log[-1]["loss"] < log[0]["loss"]
    report = json.loads((finished / "report.json").read_text())
    assert {"held-out", "sts-smoke"} <= set(json.dumps(report).replace('"', " ").split())


def test_the_run_ends_with_its_best_model(finished: Path) -> None:
    best, model = open_encoder(finished / "best" / "model"), open_encoder(finished)

    for role in Role:
        np.testing.assert_array_equal(best.encode(SENTENCES, role=role), model.encode(SENTENCES, role=role))


def test_a_run_goes_on_from_a_checkpoint_bit_for_bit(raw: dict[str, Any], finished: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(finished, broken)
    for gone in ("checkpoints/step-6", "model"):
        shutil.rmtree(broken / gone)

    train_recipe(parse(raw), broken, resume=True)

    found, expected = (open_encoder(folder / "checkpoints" / "step-6" / "model") for folder in (broken, finished))
    for name, weight in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], weight), name


def test_the_model_opens_in_both_libraries_with_the_same_vectors(finished: Path) -> None:
    ours = open_encoder(finished)
    theirs = SentenceTransformer(str(finished / "model"), device="cpu")

    np.testing.assert_allclose(theirs.encode_query(list(SENTENCES)), ours.encode(SENTENCES), atol=1e-5)
    documents = ours.encode(SENTENCES, role="positive")
    np.testing.assert_allclose(theirs.encode_document(list(SENTENCES)), documents, atol=1e-5)


def test_evaluate_and_encode_take_the_run_folder(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lines.txt").write_text("\n".join(SENTENCES) + "\n")

    scored = run(capsys, "evaluate", finished, "sts-smoke")
    encoded = run(capsys, "encode", finished, tmp_path / "lines.txt", "--role", "positive", "--out", tmp_path / "v.npy")

    assert (scored.code, encoded.code) == (0, 0), scored.err + encoded.err
    assert "sts-smoke" in scored.out
    expected = open_encoder(finished).encode(SENTENCES, role="positive")
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), expected, atol=1e-6)
