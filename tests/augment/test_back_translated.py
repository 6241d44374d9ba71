"""BackTranslated takes back-translations from a file."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from textcl.augment.back_translated import BackTranslated
from textcl.errors import DataError


def write(path: Path, *entries: object) -> str:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return write(
        tmp_path / "kept.jsonl",
        {"text": "a big dog", "translations": ["a large dog"], "pivot": "eo"},
        {"text": "two birds", "translations": []},
        {"text": "a  big\tdog", "translations": ["one large dog", "a large dog"]},
    )


def test_a_text_becomes_one_of_its_back_translations_as_often_as_p_says(path: str):
    made = Counter(BackTranslated(path, p=0.5)("a big dog", random.Random(seed)) for seed in range(1000))
    assert set(made) == {"a big dog", "a large dog", "one large dog"}
    assert 437 < made["a big dog"] < 563  # 500 expected; 63 is 4 standard deviations
    assert 195 < made["a large dog"] < 305


def test_white_space_tells_no_texts_apart(path: str):
    assert BackTranslated(path, p=1.0)(" a big\n dog", random.Random(0)).endswith("large dog")


def test_a_text_without_one_stays(path: str):
    for text in ("two birds", "unknown "):
        assert BackTranslated(path, p=1.0)(text, random.Random(0)) == text


def test_texts_of_which_it_has_none_are_refused(path: str):
    augmentation = BackTranslated(path)
    augmentation.check(["unknown", "a big dog"])
    with pytest.raises(DataError, match=r"found back-translations of 1 texts, but of none of 2 texts of this run"):
        augmentation.check(["unknown", "two birds"])


def test_a_file_that_changes_is_read_again(path: str, tmp_path: Path):
    augmentation = BackTranslated(path, p=1.0)
    assert augmentation("new", random.Random(0)) == "new"
    write(tmp_path / "kept.jsonl", {"text": "new", "translations": ["newer"]})
    assert augmentation("new", random.Random(0)) == "newer"


def test_a_missing_file_is_told_with_one_of_a_like_name(path: str):
    with pytest.raises(DataError, match=r"kep\.jsonl: no such file in .*\. Did you mean 'kept\.jsonl'\?"):
        BackTranslated(path.replace("kept", "kep"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "not JSON .* Each line must be one JSON object"),
        ("[]", "starts an array, not an object"),
        ('{"anchor": "a", "positive": "b"}', r'must be an object such as \{"text": '),
        ('{"text": "a", "translations": "b"}', "'translations' a list of texts"),
        ('{"text": 3, "translations": ["b"]}', "'text' must be a text"),
    ],
)
def test_a_line_in_another_form_is_named(tmp_path: Path, line: str, message: str):
    file = tmp_path / "kept.jsonl"
    file.write_text('{"text": "a", "translations": ["b"]}\n\n' + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=rf"kept\.jsonl, line 3: .*{message}"):
        BackTranslated(str(file))
