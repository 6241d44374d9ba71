"""Whether a run came out as before, in words: from hand-made scores and weights."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from textcl.evaluation.significance import Difference, Interval
from textcl.workflows.reproduce import Reproduction, have_same_weights

OLD = {"faq": {"ndcg@10": Interval(0.50, 0.45, 0.55), "ndcg@3": Interval(0.4, 0.39, 0.41)}}
NAN = math.nan


def outcome(value: float, *, same_weights: bool | None = False, p: float | None = None) -> Reproduction:
    new = {"faq": {"ndcg@10": Interval(value, value, value), "ndcg@3": Interval(0.9, 0.9, 0.9)}}
    change = value - 0.5
    difference = {} if p is None else {"faq": {"ndcg@10": Difference(change, change, change, p, "ndcg@10")}}
    return Reproduction(OLD, new, difference, same_weights)


@pytest.mark.parametrize(
    ("found", "reproduced", "words"),
    [
        (outcome(0.5, same_weights=True, p=1.0), True, "Reproduced to the last bit. The weights are equal. All scores"),
        (outcome(0.52, p=0.4), True, "Reproduced within the uncertainty of its scores. The weights differ. Every"),
        (outcome(0.52, p=0.01), True, "differ by more than chance would have it: faq ndcg@10 (1 of 1)."),
        (outcome(0.52), True, "The items of its scores are not there, so they were not compared one by one."),
        (outcome(0.56, p=0.01), False, "Outside the 95 % interval of the first run: faq ndcg@10 (1 of 1)."),
        (outcome(NAN, p=NAN), False, "Not reproduced."),
        (outcome(0.52, same_weights=None), True, "The weights of the first run are not there to compare with."),
        (outcome(0.52, same_weights=True), True, "Reproduced within the uncertainty of its scores. The weights are"),
        (Reproduction({}, {}, {}, True), True, "Reproduced to the last bit. The weights are equal. The run was"),
        (Reproduction({}, {}, {}, False), None, "Whether it was reproduced cannot be told. The weights differ."),
        (Reproduction(OLD, {}, {}, False), None, "The two runs have no score in common."),
    ],
)  # fmt: skip
def test_the_answer_says_what_is_known_and_no_more(found: Reproduction, reproduced: bool | None, words: str) -> None:
    assert found.has_reproduced is reproduced
    assert words in found.answer()


def test_with_changed_settings_it_is_not_called_the_same_run() -> None:
    found = Reproduction(OLD, OLD, {}, True, ("seed: 17 → 5",))
    assert found.answer().endswith("But it is not the same run: seed: 17 → 5.")


def test_weights_are_equal_bit_for_bit_whatever_stands_beside_them(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6.0), "b": torch.ones(2, 3)}
    other = {**tensors, "a": tensors["a"].clone()}
    other["a"][3] = torch.nextafter(other["a"][3], torch.tensor(9.0))
    for name, content, note in (("one", tensors, "1"), ("two", tensors, "2"), ("bit", other, "1")):
        (tmp_path / name / "onnx").mkdir(parents=True)
        save_file(content, tmp_path / name / "model.safetensors", metadata={"made by": note})
    for export in ("onnx", "static", "torch-bf16"):  # an export is no weight of the model
        (tmp_path / "two" / export).mkdir(exist_ok=True)
        save_file(other, tmp_path / "two" / export / "model.safetensors")
    (tmp_path / "none").mkdir()
    assert have_same_weights(tmp_path / "one", tmp_path / "two") is True
    assert have_same_weights(tmp_path / "one", tmp_path / "bit") is False
    assert have_same_weights(tmp_path / "one", tmp_path / "none") is False
    assert have_same_weights(tmp_path / "none", tmp_path / "one") is None
