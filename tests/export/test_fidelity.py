"""What counts as a loss, and what is kept of an export."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from textcl.encoder.locate import Export
from textcl.errors import DataError
from textcl.export.figures import Bound, ExportFigures, TaskScore, bound_of, losses, read_figures, write_figures

FIGURES = ExportFigures(
    "onnx-int8", ("onnx/model_qint8.onnx",), 10, 3, 0.999, 0.99, (TaskScore("sts", "spearman", 0.80, 0.795),),
    20.0, 10.0, {"torch": "2"}, "float32", "abc",
)  # fmt: skip


def test_what_keeps_to_the_bound_loses_nothing() -> None:
    assert losses(FIGURES, Bound(0.98, 1.0)) == []


def test_each_loss_is_named_with_its_figures() -> None:
    assert losses(FIGURES, Bound(0.995, 0.4)) == [
        "the least cosine is 0.99, below 0.995",
        "sts spearman falls from 80.00 to 79.50, by more than 0.4 points",
    ]


@pytest.mark.parametrize("figures", [
    replace(FIGURES, cosine_min=float("nan")),
    replace(FIGURES, cosine_min=None),
    replace(FIGURES, scores=(TaskScore("sts", "spearman", 0.8, float("nan")),)),
])  # fmt: skip
def test_what_is_no_number_is_lost(figures: ExportFigures) -> None:
    assert len(losses(figures, Bound(0.98, 1.0))) == 1


def test_a_gain_is_no_loss() -> None:
    assert losses(replace(FIGURES, scores=(TaskScore("sts", "spearman", 0.8, 0.9),)), Bound(0.98, 1.0)) == []


def test_vectors_of_another_space_are_not_compared() -> None:
    assert losses(replace(FIGURES, cosine_min=None, cosine_mean=None), bound_of(Export.STATIC)) == []


def test_figures_replace_those_of_their_form_and_drop_those_of_another_model(tmp_path: Path) -> None:
    path = tmp_path / "exports.json"
    write_figures(path, [replace(FIGURES, format="onnx"), FIGURES])
    write_figures(path, [replace(FIGURES, bytes=11)])
    assert [(entry["format"], entry["bytes"]) for entry in read_figures(path)] == [("onnx", 10), ("onnx-int8", 11)]
    write_figures(path, [replace(FIGURES, fingerprint="def")])
    assert [entry["fingerprint"] for entry in read_figures(path)] == ["def"]


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    write_figures(tmp_path / "exports.json", [FIGURES])
    (entry,) = json.loads((tmp_path / "exports.json").read_text())
    assert entry["scores"] == [{"task": "sts", "metric": "spearman", "before": 0.80, "after": 0.795}]
    assert entry["files"] == ["onnx/model_qint8.onnx"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "exports.json").write_text("[1]")
    with pytest.raises(DataError, match=r"exports\.json is no list of exports"):
        read_figures(tmp_path / "exports.json")
