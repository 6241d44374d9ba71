"""From a model to an export in its folder, or to a refusal that leaves nothing."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.cli.running import run
from tests.tiny import SENTENCES, tiny_towers
from textcl.encoder.locate import Export
from textcl.encoder.opening import open_encoder
from textcl.errors import ModelError
from textcl.export import writers as bf16
from textcl.export import writers as writing
from textcl.workflows.export import ExportTest, export_model, export_target

PAIRS = list(pairwise(SENTENCES))


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    """A few graded pairs, as `--eval` takes them."""
    file = tmp_path / "pairs.jsonl"
    rows = [{"sentence1": first, "sentence2": second, "score": number} for number, (first, second) in enumerate(PAIRS)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"sts:{file}"


@pytest.fixture
def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the writer of bf16 damage a weight."""

    def write(folder: Path, location: Path) -> None:
        bf16.write_bf16(folder, location)
        weights = load_file(location / "model.safetensors")
        weights["embeddings.word_embeddings.weight"] *= torch.linspace(-1, 1, 16, dtype=torch.bfloat16)
        save_file(weights, location / "model.safetensors", metadata={"format": "pt"})

    monkeypatch.setitem(writing._WRITERS, Export.TORCH_BF16, write)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_the_figures_of_a_run_lie_in_the_run_folder(
    pairs: str, tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model_folder.rename(tmp_path / "run-model")
    (tmp_path / "mine").mkdir()
    (tmp_path / "run-model").rename(tmp_path / "mine" / "model")
    (tmp_path / "mine" / "recipe.yaml").write_text("name: mine\n")
    (tmp_path / "mine" / "report.html").write_text("the page before")

    done = run(capsys, "export", tmp_path / "mine", "--to", "torch-bf16", "--eval", pairs)

    assert done.code == 0, done.err
    assert "torch-bf16" in done.out
    assert "pairs spearman" in done.out
    (entry,) = json.loads((tmp_path / "mine" / "exports.json").read_text())
    assert entry["files"] == ["torch-bf16/"]
    written = [path for path in (tmp_path / "mine" / "model" / "torch-bf16").rglob("*") if path.is_file()]
    assert entry["bytes"] == sum(path.stat().st_size for path in written)
    assert entry["texts"] == len(SENTENCES)
    assert 0.995 < entry["cosine_min"] <= entry["cosine_mean"] < 1.000001
    assert [score["metric"] for score in entry["scores"]] == ["spearman"]
    assert entry["texts_per_second"] > 0 < entry["texts_per_second_original"]
    assert not list((tmp_path / "mine").glob(".*"))
    page = (tmp_path / "mine" / "report.html").read_text()
    assert '<h2 id="exports">Exports</h2>' in page
    assert f">{entry['cosine_min']:.5f}</td><td>pairs spearman</td>" in page
    assert open_encoder(f"{tmp_path / 'mine'}#torch-bf16", device="cpu").encode(["a dog"]).shape == (1, 16)


@pytest.mark.usefixtures("spoilt")
def test_a_loss_is_refused_and_leaves_nothing(pairs: str, tiny_model_folder: Path) -> None:
    before = files(tiny_model_folder.parent)
    with pytest.raises(ModelError, match=r"torch-bf16 loses too much: the least cosine is .* --allow-loss keeps it"):
        export_model(str(tiny_model_folder), [Export.TORCH_BF16], None, ExportTest((pairs,)))
    assert files(tiny_model_folder.parent) == before


@pytest.mark.usefixtures("spoilt")
def test_an_older_export_outlives_a_refused_one(pairs: str, tiny_model_folder: Path) -> None:
    (tiny_model_folder / "torch-bf16").mkdir()
    (tiny_model_folder / "torch-bf16" / "old").touch()
    with pytest.raises(ModelError, match="loses too much"):
        export_model(str(tiny_model_folder), [Export.TORCH_BF16], None, ExportTest((pairs,)))
    assert (tiny_model_folder / "torch-bf16" / "old").exists()


@pytest.mark.usefixtures("spoilt")
def test_a_loss_that_is_allowed_is_kept_with_its_figures(pairs: str, tiny_model_folder: Path) -> None:
    test = ExportTest((pairs,), allow_loss=True)
    (found,) = export_model(str(tiny_model_folder), [Export.TORCH_BF16], None, test)
    assert found.cosine_min is not None
    assert found.cosine_min < 0.995
    assert (tiny_model_folder / "torch-bf16" / "model.safetensors").exists()


def test_a_model_of_a_package_wants_a_folder_of_your_own(pairs: str, minilm: str) -> None:
    with pytest.raises(ModelError, match=r"no folder of yours\. Name one with --out"):
        export_model(minilm, [Export.TORCH_BF16], None, ExportTest((pairs,)))


def test_out_gets_the_model_and_its_exports_and_refuses_another_model(
    pairs: str, tiny_model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for _ in range(2):  # the second time the model is there already
        export_model(str(tiny_model_folder), [Export.TORCH_BF16], out, ExportTest((pairs,)))
    assert open_encoder(out, device="cpu").encode(["a dog"]).shape == (1, 16)
    assert (out / "exports.json").exists()
    assert not (tiny_model_folder / "torch-bf16").exists()
    shutil.rmtree(out)
    out.mkdir()
    (out / "thesis.txt").touch()
    with pytest.raises(ModelError, match="is not empty, and does not hold"):
        export_model(str(tiny_model_folder), [Export.TORCH_BF16], out, ExportTest((pairs,)))
    assert files(out) == {"thesis.txt"}


def test_two_towers_in_the_folder_of_their_own_exports_are_known_again(tmp_path: Path) -> None:
    tiny_towers().save(tmp_path / "model")
    for _ in range(2):
        assert export_target(str(tmp_path / "model"), tmp_path / "out").folder == tmp_path / "out"


@pytest.mark.parametrize("form", ["torch-bf16", "static"])
def test_an_export_is_not_exported_again(pairs: str, tiny_model_folder: Path, form: str) -> None:
    with pytest.raises(ModelError, match="is an export itself"):
        export_model(f"{tiny_model_folder}#{form}", [Export.ONNX], None, ExportTest((pairs,)))


def test_a_missing_package_is_told_before_any_work(
    tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("textcl.export.writers.find_spec", lambda package: None)
    done = run(capsys, "export", tiny_model_folder, "--to", "openvino-int8")
    assert done.code == 1
    wanted = "onnx onnxscript openvino nncf"
    assert done.err == f"Error: --to openvino-int8 needs packages that are not installed. pip install {wanted}\n"


def test_an_unknown_form_is_one_line(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "export", tiny_model_folder, "--to", "onnx-int4")
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert "Did you mean 'onnx-int8'" in done.err
