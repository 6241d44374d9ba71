"""From a file of texts to a file of pairs."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.noted import Noted
from textcl.data.sources.json_lines import JsonLines
from textcl.errors import DataError, ModelError, WriteError
from textcl.files.corpora import PlainTexts
from textcl.translate.engine import BEST, Decoding, Engine, Translation
from textcl.translate.filters import Refusal
from textcl.workflows import back_translate as back_translating
from textcl.workflows import translated_pairs
from textcl.workflows.back_translate import BackTranslation, TranslatedPairs, back_translate
from textcl.workflows.translated_pairs import CosineRange

HOME = {
    "A small dog runs in the park.": {"eo": "A little dog runs in the park.", "es": "A little dog runs in the park."},
    "He never eats the red apple.": {"eo": "He eats the red apple.", "es": "He never has the red apple."},
    "The river is deep and cold.": {"eo": "The river is deep and cold.", "es": "The stream is deep and cold."},
}


class Dictionary:
    """Knows by heart what comes back of a text; marks the way there with the pivot."""

    name, batch, by_rules = "apertium", 2, True
    translated = 0

    def version(self, source: str, target: str) -> str:
        if target == "fi":
            raise ModelError("no Finnish here")
        return "1"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        Dictionary.translated += len(texts)
        if target != "en":
            return [Translation(f"{target}: {text}") for text in texts]
        return [Translation(HOME[text.partition(": ")[2]][source]) for text in texts]


def opened(name: str, model: str | None = None, device: str | None = None) -> Engine:
    return Dictionary()


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackTranslation:
    monkeypatch.setattr(back_translating, "open_engine", opened)
    (tmp_path / "in.txt").write_text("\n".join([*HOME, "", "Too short.", next(iter(HOME)), "see www.example.org a b"]))
    return BackTranslation(
        PlainTexts(tmp_path / "in.txt"),
        tmp_path / "out" / "pairs.jsonl",
        ("eo", "es"),
        cache=tmp_path / "c.sqlite",
        force=True,
    )


def made(job: BackTranslation) -> TranslatedPairs:
    return back_translate(job)


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_pairs_are_written_in_the_order_of_the_texts_and_the_rest_with_its_reasons(job: BackTranslation) -> None:
    pairs = made(job)
    first, second, third = HOME
    assert rows(job.out) == [
        {"text": first, "translations": [HOME[first]["eo"]], "pivots": ["eo"], "engine": "apertium"},
        {"text": second, "translations": [HOME[second]["es"]], "pivots": ["es"], "engine": "apertium"},
        {"text": third, "translations": [HOME[third]["es"]], "pivots": ["es"], "engine": "apertium"},
    ]
    assert pairs.rejected.name == "pairs.rejected.jsonl"
    found = sorted((row["text"], row.get("pivot"), row["reason"]) for row in rows(pairs.rejected))
    assert found == [
        (first, "es", "as another pivot's"), (second, "eo", "negated on one side"), (third, "eo", "identical"),
        ("Too short.", None, "too few words"), ("see www.example.org a b", None, "holds an address"),
    ]  # fmt: skip


def test_everything_is_counted(job: BackTranslation) -> None:
    pairs, progress = made(job), Noted()
    back_translate(job, progress)
    assert (pairs.tally.rows, pairs.tally.duplicates, pairs.tally.texts_kept) == (6, 1, 3)
    assert pairs.tally.unsuited == {Refusal.SHORT: 1, Refusal.ADDRESS: 1}
    assert pairs.tally.by_pivot["eo"] == Counter({None: 1, Refusal.NEGATION: 1, Refusal.IDENTICAL: 1})
    assert pairs.tally.by_pivot["es"] == Counter({None: 2, Refusal.DUPLICATE: 1})
    assert len(pairs.sample) == 3
    assert progress.phases == [("Reading", None, 0), ("Back-translating", 6, 0)]
    assert sum(progress.advanced) == 6


def test_a_second_run_translates_nothing_and_other_filters_need_no_translating(job: BackTranslation) -> None:
    made(job)
    before, first = Dictionary.translated, job.out.read_bytes()
    made(job)
    assert job.out.read_bytes() == first
    words = replace(job.words, usual_overlap=0.99)
    assert made(replace(job, words=words)).tally.by_pivot["eo"][Refusal.OVERLAP] == 1
    assert Dictionary.translated == before


def test_the_file_is_a_source_as_it_is(job: BackTranslation) -> None:
    made(job)
    source = JsonLines(str(job.out), anchor="text", positive="translations")
    assert [(source[row].anchor, source[row].positives) for row in range(len(source))] == [
        (row["text"], tuple(row["translations"])) for row in rows(job.out)
    ]  # fmt: skip


def test_a_run_that_fails_leaves_no_file_and_an_old_one_as_it_was(job: BackTranslation) -> None:
    with pytest.raises(ModelError, match="no Finnish here"):
        made(replace(job, pivots=("eo", "fi")))
    assert list(job.out.parent.iterdir()) == []
    made(job)
    first = job.out.read_bytes()
    with pytest.raises(ModelError):
        made(replace(job, pivots=("fi",)))
    assert job.out.read_bytes() == first


@pytest.mark.parametrize(("least", "most", "reason"), [(0.9, 1.0, Refusal.FAR), (0.0, 0.3, Refusal.NEAR)])
def test_cosines_judge_what_words_let_pass(
    job: BackTranslation, monkeypatch: pytest.MonkeyPatch, least: float, most: float, reason: Refusal
) -> None:
    class HalfAlike:
        def __init__(self, model: str, precision: str) -> None: ...

        def __call__(self, texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
            return np.array([0.5 if "dog" in text else (least + most) / 2 for text in texts], dtype=np.float32)

    monkeypatch.setattr("textcl.workflows.translated_pairs.PairCosines", HalfAlike)
    tally = made(replace(job, cosines=CosineRange("model", least, most))).tally
    assert tally.by_pivot["eo"][reason] == 1
    assert tally.by_pivot["es"][None] == 2


def test_cosines_are_those_of_the_encoder(tiny_model_folder: Path) -> None:
    texts, others = ["two dogs run", "fish", "fish"], ["two dogs run", "two dogs run", "a man plays"]
    found = translated_pairs.PairCosines(str(tiny_model_folder), "float32")(texts, others)
    encoder = translated_pairs.open_encoder(tiny_model_folder)
    expected = np.diag(encoder.encode(texts) @ encoder.encode(others).T)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": 2}, "translates by rules: a text has one translation"),
        ({"decoding": Decoding(temperature=0.7)}, "translates by rules"),
        ({"pivots": ("en",)}, "in 'en' already"),
        ({"pivots": ("es", "eng_Latn")}, "in 'en' already"),
        ({"out": Path("pairs.txt")}, "name a file that ends in .jsonl"),
        ({"texts": PlainTexts(Path("absent.txt"))}, "absent.txt: no such file"),
    ],
)
def test_what_can_not_be_done_is_told(job: BackTranslation, changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(replace(job, **changes))


def test_pairs_are_not_written_over_the_texts(job: BackTranslation, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    with pytest.raises(DataError, match="is what is read"):
        made(replace(job, texts=PlainTexts(tmp_path / "a.jsonl"), out=tmp_path / "a.jsonl"))


def test_a_folder_in_the_location_of_a_file_is_told_before_anything_is_written(job: BackTranslation) -> None:
    job.out.with_suffix(".rejected.jsonl").mkdir(parents=True)
    with pytest.raises(WriteError, match=r"pairs\.rejected\.jsonl cannot be written: it is a folder"):
        made(job)
    assert not job.out.exists()


def test_a_language_by_another_name_is_the_same_to_the_cache_and_a_pivot_is_gone_through_once(
    job: BackTranslation,
) -> None:
    made(job)
    before, first = Dictionary.translated, job.out.read_bytes()
    made(replace(job, words=replace(job.words, language="eng"), pivots=("eo", "es", "eo")))
    assert (Dictionary.translated, job.out.read_bytes()) == (before, first)
    assert list(made(replace(job, pivots=("eo", "epo"))).tally.by_pivot) == ["epo"]
    assert Dictionary.translated == before


def test_without_a_pivot_esperanto_is_taken(job: BackTranslation) -> None:
    assert list(made(replace(job, pivots=())).tally.by_pivot) == ["eo"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.txt", "one\n\n two \n"),
        ("in.txt.gz", "one\ntwo\n"),
        ("in.csv", 'id,text\n1,one\n2,\n3," two"\n'),
        ("in.tsv", "text\tid\none\t1\ntwo\t2\n"),
        ("in.jsonl", '{"text": "one"}\n{"text": null}\n{"text": "two "}\n'),
    ],
)
def test_texts_are_read_from_every_kind_of_file(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    assert list(PlainTexts(file)) == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content", "column", "message"),
    [
        ("in.jsonl", '{"txt": "one"}\n', None, r"line 1: no column 'text'; there are txt. .* --text-column"),
        ("in.jsonl", '{"text": 5}\n', None, r"line 1, column 'text': found 5; it should be a text"),
        ("in.jsonl", '{"text": "\\ud800"}\n', None, r"line 1, column 'text': found .* half a surrogate pair"),
        ("in.jsonl", "\n", None, r"in\.jsonl: the file holds no rows"),
        ("in.csv", "text\n", None, r"in\.csv: the file holds no rows"),
        ("in.txt", "one\n", "text", r"has no columns; leave --text-column out"),
    ],
)
def test_errors_of_a_file_are_told(tmp_path: Path, name: str, content: str, column: str | None, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        list(PlainTexts(tmp_path / name, column))
