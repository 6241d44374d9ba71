"""Models become one, weight by weight; what does not fit is refused before anything is written."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

import textcl
from tests.cli.running import run
from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.errors import DataError, ModelError

A, B, C = (tiny_encoder(seed=seed) for seed in (1, 2, 3))
WORDS = "embeddings.word_embeddings.weight"


def words(encoder: torch.nn.Module) -> torch.Tensor:
    return encoder.state_dict()[f"backbone.{WORDS}"]


def test_a_linear_merge_is_the_weighted_mean_of_each_weight(tmp_path: Path) -> None:
    merged = textcl.merge([A, B, C], tmp_path / "merged", weights=[1, 1, 2])
    for name, weight in merged.state_dict().items():
        a, b, c = (encoder.state_dict()[name] for encoder in (A, B, C))
        expected = 0.25 * a.double() + 0.25 * b.double() + 0.5 * c.double()
        torch.testing.assert_close(weight.double(), expected, atol=1e-7, rtol=1e-6)


def test_slerp_turns_each_weight_along_the_arc_and_keeps_its_length_between_both(tmp_path: Path) -> None:
    merged = words(textcl.merge([A, B], tmp_path / "merged", weights=[0.75, 0.25], method="slerp")).double()
    a, b = words(A).double(), words(B).double()

    def angle(one: torch.Tensor, other: torch.Tensor) -> float:
        return float(torch.acos((one * other).sum() / one.norm() / other.norm()))

    u, v = a / a.norm(), b / b.norm()  # unit vectors: the same factors turn them by a quarter of their angle
    whole = angle(a, b)
    factors = [np.sin(0.75 * whole) / np.sin(whole), np.sin(0.25 * whole) / np.sin(whole)]
    assert angle(factors[0] * u + factors[1] * v, u) == pytest.approx(0.25 * whole, abs=1e-9)
    torch.testing.assert_close(merged, factors[0] * a + factors[1] * b, atol=1e-7, rtol=1e-6)
    assert merged.norm() > (0.75 * a + 0.25 * b).norm()


def test_the_slerp_of_equal_models_is_the_model(tmp_path: Path) -> None:
    assert torch.equal(words(textcl.merge([A, A], tmp_path / "merged", method="slerp")), words(A))


def test_an_open_model_stays_what_it_is_and_the_folder_opens_in_sentence_transformers(tmp_path: Path) -> None:
    before = words(A).clone()
    merged = textcl.merge([A, B], tmp_path / "merged")
    assert torch.equal(words(A), before)
    theirs = SentenceTransformer(str(tmp_path / "merged"), device="cpu").encode(SENTENCES)
    np.testing.assert_allclose(merged.encode(SENTENCES), theirs, atol=1e-6)


def test_two_towers_are_merged_tower_by_tower(tmp_path: Path) -> None:
    one, other = tiny_towers(), tiny_towers()
    with torch.no_grad():
        for weight in other.parameters():
            weight.mul_(3)
    merged = textcl.merge([one, other], tmp_path / "merged")
    for name, weight in one.named_parameters():
        torch.testing.assert_close(merged.state_dict()[name], 2 * weight.detach(), atol=1e-6, rtol=1e-6)


def test_the_first_models_prompts_and_length_are_kept_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    short = tiny_encoder(seed=2, max_length=9, prompts={"anchor": "query: "})
    merged = textcl.merge([A, short], tmp_path / "merged")
    assert isinstance(merged, textcl.Encoder)
    assert (merged.max_length, merged.prompts[textcl.Role.ANCHOR]) == (A.max_length, "")
    assert "differ in max_length, prompts; the first model's are kept" in caplog.text


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (tiny_encoder("cls"), "they differ in pooling"),
        (tiny_encoder(kind="roberta"), "they differ in .*model_type"),
        (tiny_towers(), "they differ in documents"),
    ],
)
def test_models_of_another_kind_are_refused_by_what_differs(
    other: textcl.Encoder | textcl.TwoTower, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=f"the open .* is not of the kind of the open Encoder.*{why}"):
        textcl.merge([A, other], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"weights": [0.5]}, "There are 2 models and 1 weights"),
        ({"weights": [0.0, 0.0]}, "The weights are 0, 0; each is a number from 0 up"),
        ({"weights": [2.0, -1.0]}, "The weights are 2, -1"),
        ({"weights": [float("nan"), 1.0]}, "The weights are nan, 1"),
        ({"method": "ties"}, "The method is 'ties'; it can be linear or slerp"),
    ],
)
def test_weights_and_methods_that_do_not_fit_are_refused(settings: dict[str, object], why: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=why):
        textcl.merge([A, B], tmp_path / "merged", **settings)  # type: ignore[arg-type]


def test_one_model_or_slerp_of_three_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 model is named; a merge needs two or more"):
        textcl.merge([A], tmp_path / "merged")
    with pytest.raises(DataError, match="slerp goes from one model to another, and 3 are named"):
        textcl.merge([A, B, C], tmp_path / "merged", method="slerp")


def test_the_command_merges_folders_and_never_replaces_one_unasked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    A.save(tmp_path / "a")
    B.save(tmp_path / "b")
    words_of = ["merge", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "merged", "--weights"]
    done = run(capsys, *words_of, "3,1")
    assert done.code == 0, done.err
    torch.testing.assert_close(words(textcl.load(tmp_path / "merged")), 0.75 * words(A) + 0.25 * words(B))
    again, no_numbers = run(capsys, *words_of, "1,1"), run(capsys, *words_of, "half")
    assert (again.code, no_numbers.code) == (1, 1)
    assert "merged is not empty; name another folder" in again.err
    assert "--weights: found 'half'; it takes a number a model" in no_numbers.err
    nowhere = run(capsys, "merge", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "a" / "config.json")
    assert (nowhere.code, "config.json is there already" in nowhere.err) == (1, True)
