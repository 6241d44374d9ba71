"""A recipe's documents: questions, negatives and scores in one go, kept in the user's cache folder."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.noted import Noted
from tests.tiny import tiny_encoder
from tests.translate.tiny_models import save_tiny_t5
from textcl.data.sources.documents import Documents, DocumentSettings
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError, ModelError, RecipeError
from textcl.recipe.load import load_recipe, parse
from textcl.workflows import documents as making
from textcl.workflows.documents import scored_questions
from textcl.workflows.run.build import build_sources

WORDS = ("dog", "cat", "horse", "bird", "fish", "boy", "girl", "river")
ROWS = [{"title": f"the {word} of a man", "text": f"a man has one {word} and it sees him"} for word in WORDS]
UNSET = DocumentSettings("", "titles", "", None, None, 2, 5, None, None, None)


@pytest.fixture
def settings(tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> DocumentSettings:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "d.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    return replace(UNSET, path=str(tmp_path / "d.jsonl"), judge=str(tiny_model_folder))


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_each_title_gets_its_document_and_others_with_the_judges_cosines(settings: DocumentSettings) -> None:
    found = rows(scored_questions(settings))
    judge = open_encoder(settings.judge, precision="auto")
    assert [row["anchor"] for row in found] == [row["title"] for row in ROWS]
    for row, document in zip(found, ROWS, strict=True):
        assert row["positive"] == document["text"]
        assert len(row["negatives"]) == 2
        assert row["positive"] not in row["negatives"]
        vectors = judge.encode([row["anchor"], row["positive"], *row["negatives"]])
        expected = vectors[1:] @ vectors[0]
        np.testing.assert_allclose([row["positive_score"], *row["scores"]], expected, atol=2e-2)


@pytest.mark.parametrize(
    "change",
    [
        lambda settings: settings,
        lambda settings: replace(settings, negatives=1),
        lambda settings: replace(settings, first=8),
        lambda settings: replace(settings, last=2),
    ],
)
def test_the_work_is_done_once_for_the_same_settings(
    settings: DocumentSettings,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[DocumentSettings], DocumentSettings],
) -> None:
    first = scored_questions(settings)
    made: list[Path] = []
    monkeypatch.setattr(making, "mine_file", lambda judge, pairs, out, wanted, **more: made.append(out))
    other = change(settings)
    again = scored_questions(other)
    assert (again == first, made) == ((True, []) if other == settings else (False, [again]))


def test_a_changed_file_and_a_changed_judge_are_other_work(settings: DocumentSettings, tmp_path: Path) -> None:
    first = scored_questions(settings)
    Path(settings.path).write_text("".join(f"{json.dumps(row)}\n" for row in ROWS[:5]))
    second = scored_questions(settings)
    assert (first != second, len(rows(second))) == (True, 5)
    tiny_encoder(seed=5).save(tmp_path / "judge")
    assert scored_questions(replace(settings, judge=str(tmp_path / "judge"))) not in (first, second)


def test_a_model_writes_questions_that_find_their_documents(settings: DocumentSettings, tmp_path: Path) -> None:
    t5 = save_tiny_t5(tmp_path / "t5")
    noted = Noted()
    asked = replace(settings, engine=f"seq2seq:{t5}", per_document=2, first=4)
    found = rows(scored_questions(asked, noted))
    assert found[0]["positive"].startswith("the ")  # a title stays in the document that a model reads
    assert {"Writing questions", "Searching", "Mining"} <= set(noted.names)


def test_a_recipe_opens_it_as_a_source_of_graded_rows(settings: DocumentSettings) -> None:
    changes = [f"data.sources.0.path={settings.path}", f"data.sources.0.judge={settings.judge}"]
    (source,) = build_sources(load_recipe("documents", [*changes, "data.sources.0.negatives=3"]))
    assert isinstance(source, Documents)
    example = source[0]
    assert (example.anchor, len(example.negatives), len(example.scores)) == (ROWS[0]["title"], 3, 4)
    assert source.location(0).endswith("scored.jsonl, line 1")


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"engine": "openai:http://h/v1"}, DataError, "A recipe sends no texts to an endpoint"),
        ({"engine": "gpt"}, DataError, "data.sources.0: There is no engine 'gpt'"),
        ({"per_document": 2}, DataError, "The engine titles takes no per-document"),
        ({"judge": "/no/such"}, ModelError, "/no/such"),
        ({"path": "/no/such.jsonl"}, DataError, "no such file"),
        ({"title_column": "head"}, DataError, "no column 'head'.* with title_column of the source"),
        ({"negatives": 0}, RecipeError, "negatives is 0; it must be at least 1"),
        ({"first": 0}, RecipeError, "first is 0; it must be at least 1"),
        ({"negatives": 9, "last": 8}, RecipeError, "last is 8; it must be at least 9"),
        ({"make_file": "x"}, RecipeError, "Documents has no such setting"),
        ({"cross_encoder": "/no/such"}, ModelError, "/no/such"),
    ],
)
def test_what_is_wrong_is_one_error(
    settings: DocumentSettings, change: dict[str, Any], error: type[Exception], said: str
) -> None:
    source = {"use": "Documents", "path": settings.path, "judge": settings.judge, "last": 5} | change
    with pytest.raises(error, match=said):
        build_sources(parse({"name": "x", "data": {"sources": [source]}, "encoder": {"backbone": settings.judge}}))


def test_one_document_alone_has_no_negatives(settings: DocumentSettings) -> None:
    Path(settings.path).write_text(f"{json.dumps(ROWS[0])}\n")
    with pytest.raises(DataError, match="negatives are drawn from others, give more"):
        scored_questions(settings)
