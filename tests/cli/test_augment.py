"""`textcl augment back-translate`, as a user runs it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.translate.tiny_models import save_tiny_marian

TEXTS = [
    "A woman is slicing an onion in the kitchen.", "The old man reads a book by the river.", "Two dogs run home fast.",
    "Where is the next train to the city?", "no", "The children play in the garden of the house.",
]  # fmt: skip
installed = pytest.mark.skipif(
    shutil.which("apertium") is None,
    reason="no apertium here: apt-get install --no-install-recommends apertium apertium-eo-en apertium-eng-spa",
)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "in.txt").write_text("\n".join(TEXTS))
    return tmp_path / "in.txt"


def verb(texts: Path, *more: object) -> list[object]:
    folder = texts.parent
    return ["augment", "back-translate", texts, "--out", folder / "p.jsonl", "--cache", folder / "c.sqlite", *more]


@installed
def test_apertium_makes_pairs_through_two_languages(capsys: pytest.CaptureFixture[str], texts: Path) -> None:
    finished = run(capsys, *verb(texts, "--pivot", "eo", "--pivot", "es"))
    assert finished.code == 0, finished.err
    found = [json.loads(line) for line in (texts.parent / "p.jsonl").read_text().splitlines()]
    assert len(found) >= 3
    assert [row["text"] for row in found] == [text for text in TEXTS if text in {row["text"] for row in found}]
    assert [word for word in finished.out.split() if word in ("kept", "identical", "eo", "es")]
    assert "Not translated: 1 too few words." in finished.out
    assert found[0]["translations"][0] in finished.out
    refused = run(capsys, *verb(texts, "--pivot", "eo"))
    assert (refused.code, "p.jsonl is there already" in refused.err) == (1, True)
    again = run(capsys, *verb(texts, "--pivot", "eo", "--pivot", "es", "--force"))
    assert again.out.splitlines()[-1] == finished.out.splitlines()[-1]


def test_marian_draws_several_translations(capsys: pytest.CaptureFixture[str], texts: Path) -> None:
    for name in ("en-de", "de-en"):
        save_tiny_marian(texts.parent / name)
    model = texts.parent / "{source}-{target}"
    finished = run(
        capsys, *verb(texts, "--engine", "marian", "--model", model, "--pivot", "de", "--samples", 2, "--device", "cpu")
    )
    assert finished.code == 0, finished.err
    rejected = [json.loads(line) for line in (texts.parent / "p.rejected.jsonl").read_text().splitlines()]
    assert len(rejected) == 1 + 2 * 5  # noise is no positive
    assert "kept" in finished.out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--temperature", 0.7], "apertium translates by rules"),
        (["--samples", 2], "apertium translates by rules"),
        (["--model", "x"], "it takes neither a model nor a device"),
        (["--engine", "marian"], "Name the languages that marian shall go through: --pivot de --pivot fr."),
        (
            ["--engine", "marian", "--model", "here", "--pivot", "de"],
            "there and back are two",
        ),
        (["--engine", "marian", "--pivot", "de", "--samples", 2, "--temperature", 0], "give a temperature"),
        (["--engine", "ctranslate2", "--pivot", "de"], "CTranslate2 needs a converted model"),
        (["--text-column", "text"], "has no columns"),
    ],
)
def test_what_can_not_be_done_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], texts: Path, more: list[object], message: str
) -> None:
    finished = run(capsys, *verb(texts, *more))
    assert finished.code == 1
    assert message in finished.err
    assert len([line for line in finished.err.splitlines() if line.startswith("Error")]) == 1


@pytest.mark.parametrize(
    "more",
    [
        ["--engine", "marian", "--pivot", "de", "--temperature", 0.5, "--beams", 3],
        ["--engine", "marian", "--pivot", "de", "--top-p", 0],
        ["--min-words", 9, "--max-words", 8],
        ["--judge", "m", "--min-cosine", 0.9, "--max-cosine", 0.8],
        ["--workers", 0],
    ],
)
def test_wrong_usage_leaves_with_2(capsys: pytest.CaptureFixture[str], texts: Path, more: list[object]) -> None:
    assert run(capsys, *verb(texts, *more)).code == 2


def test_augment_alone_shows_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert "back-translate" in run(capsys, "augment", "--help").out
