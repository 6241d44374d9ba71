"""Kept tokens are those that the tokenizer makes, whatever is kept; a damaged table is made again."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.data.sources import Rows
from tests.noted import Noted
from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.augment.span_crop import SpanCrop
from textcl.data.token_cache import KeptTokens, is_whole, keep_tokens, open_table, tables_of
from textcl.data.views import ViewSpec
from textcl.encoder.fingerprint import token_key
from textcl.types.batches import Tokens
from textcl.types.text import Example, Role, Source

PAIR = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE))
CROPPED = ViewSpec(Role.POSITIVE, (SpanCrop(0.5),))
ENCODER = tiny_encoder(prompts={"anchor": "query: "}, pool_prompt=False)
TEXTS = [f"{text} {number}" for number in range(5) for text in SENTENCES]
SOURCE = Rows(*(Example(0, text, (text[::-1], text), (f"not {text}",)) for text in TEXTS))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("textcl.data.token_cache._BATCH", 8)  # rows, so that there are several batches
    return tmp_path / "cache"


def keys(encoder=ENCODER) -> dict[Role, str]:
    return {role: token_key(encoder, role) for role in Role}


def keep(roles: Sequence[Role], source: Source = SOURCE, workers: int = 0, tokenize=ENCODER.tokenize) -> Path:
    (table,) = tables_of(source, [ViewSpec(role) for role in roles], keys())
    assert keep_tokens(table, source, roles, tokenize, workers)
    return table


class Refusing:
    """A tokenizer that has none but the empty text."""

    def __call__(self, texts: Sequence[str], role: Role) -> Tokens:
        assert list(texts) == [""], "a text is cut that is kept"
        return ENCODER.tokenize(texts, role)


def assert_equal(found: Tokens, expected: Tokens) -> None:
    assert [ids.tolist() for ids in found.ids] == [ids.tolist() for ids in expected.ids]
    assert all(ids.dtype == np.int64 for ids in found.ids)
    assert found.skipped.tolist() == expected.skipped.tolist()
    assert (found.pad_id, found.tower, found.format) == (expected.pad_id, expected.tower, expected.format)


@pytest.mark.parametrize("workers", [0, 2])
def test_kept_tokens_are_those_of_the_tokenizer_and_no_text_is_cut_again(workers: int) -> None:
    table = keep([Role.ANCHOR], workers=workers)
    kept = KeptTokens(Refusing(), {Role.ANCHOR: table})
    for texts in (TEXTS, TEXTS[::-1], TEXTS[3:4] * 3, []):
        assert_equal(kept(texts, Role.ANCHOR), ENCODER.tokenize(texts, Role.ANCHOR))


def test_texts_that_are_not_kept_are_cut_as_ever_in_their_locations() -> None:
    kept = KeptTokens(ENCODER.tokenize, {Role.ANCHOR: keep([Role.ANCHOR])})
    texts = ["new", TEXTS[3], "", "other words", TEXTS[0], "new"]
    assert_equal(kept(texts, Role.ANCHOR), ENCODER.tokenize(texts, Role.ANCHOR))
    assert_equal(kept(texts, Role.POSITIVE), ENCODER.tokenize(texts, Role.POSITIVE))


def test_two_texts_that_share_half_a_digest_are_not_taken_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(texts: Sequence[str]) -> np.ndarray:
        return np.array([[0, len(text)] for text in texts], dtype=np.int64).reshape(-1, 2)

    monkeypatch.setattr("textcl.data.token_cache.digests", half)
    monkeypatch.setattr("textcl.data.token_cache.digests", half)
    source = Rows(Example(0, "fish"), Example(0, "two dogs run"), Example(0, "birds"))
    kept = KeptTokens(ENCODER.tokenize, {Role.ANCHOR: keep([Role.ANCHOR], source)})
    texts = ["birds", "two dogs run", "fish"]
    assert_equal(kept(texts, Role.ANCHOR), ENCODER.tokenize(texts, Role.ANCHOR))


def test_a_text_of_many_rows_and_roles_is_kept_once() -> None:
    source = Rows(*(Example(0, "fish", ("fish", f"dog {row % 3}")) for row in range(8)))
    views = (*PAIR, ViewSpec(Role.NEGATIVE))
    ((table, roles),) = tables_of(source, views, keys(tiny_encoder())).items()
    assert roles == (Role.ANCHOR, Role.NEGATIVE, Role.POSITIVE)
    keep_tokens(table, source, roles, tiny_encoder().tokenize, 0)
    assert len(open_table(table)) == 4


def test_all_positives_and_negatives_of_a_row_are_kept_for_any_epoch_may_take_them() -> None:
    table = keep([Role.POSITIVE, Role.NEGATIVE])
    wanted = [text for row in range(len(SOURCE)) for text in (*SOURCE[row].positives, *SOURCE[row].negatives)]
    assert all(ids is not None for ids in open_table(table).sequences(wanted))


def test_views_that_change_their_texts_have_no_table() -> None:
    assert tables_of(SOURCE, (ViewSpec(Role.ANCHOR, CROPPED.augment), CROPPED), keys()) == {}
    assert list(tables_of(SOURCE, (PAIR[0], CROPPED), keys()).values()) == [(Role.ANCHOR,)]


def test_roles_that_are_cut_alike_share_a_table() -> None:
    assert list(tables_of(SOURCE, PAIR, keys(tiny_encoder())).values()) == [(Role.ANCHOR, Role.POSITIVE)]
    assert list(tables_of(SOURCE, PAIR, keys()).values()) == [(Role.ANCHOR,), (Role.POSITIVE,)]
    assert list(tables_of(SOURCE, PAIR, keys(tiny_towers())).values()) == [(Role.ANCHOR,), (Role.POSITIVE,)]


def test_other_texts_tokenizers_prompts_or_lengths_have_tables_of_their_own() -> None:
    other = Rows(*(Example(0, text) for text in TEXTS))
    other.fingerprint = "other rows"
    encoders = (tiny_encoder(), tiny_encoder(max_length=9), tiny_encoder(kind="roberta"), ENCODER)
    tables = [set(tables_of(SOURCE, PAIR[:1], keys(encoder))) for encoder in encoders]
    tables.append(set(tables_of(other, PAIR[:1], keys())))
    assert len(set.union(*tables)) == 5


def test_the_key_does_not_change_with_use_or_weights() -> None:
    before = keys()
    ENCODER.encode(SENTENCES)
    assert keys() == before
    assert keys(tiny_encoder(prompts={"anchor": "query: "}, seed=3)) == before


def test_a_word_more_in_the_vocabulary_is_another_tokenizer() -> None:
    other = tiny_encoder(prompts={"anchor": "query: "})
    other.tokenizer.add_tokens(["zyzzyva"])
    assert keys(other)[Role.ANCHOR] != keys()[Role.ANCHOR]


@pytest.mark.parametrize("name", ["ids.arrow", "keys.arrow"])
def test_a_damaged_table_is_noticed_and_made_again(name: str) -> None:
    table = keep([Role.ANCHOR])
    whole = (table / name).read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-8], b""):
        open_table.cache_clear()
        (table / name).write_bytes(damaged)
        assert not is_whole(table)
    (table / name).unlink()
    assert not is_whole(table)
    keep([Role.ANCHOR])
    assert is_whole(table)


def test_a_table_of_lots_that_are_gone_is_damaged() -> None:
    table = keep([Role.ANCHOR])
    short = keep([Role.POSITIVE], Rows(Example(0, "fish"), Example(0, "dogs")))
    (short / "ids.arrow").rename(table / "ids.arrow")
    assert not is_whole(table)


def test_a_full_disk_gives_one_line_and_leaves_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("textcl.data.token_cache._write_keys", full)
    (table,) = tables_of(SOURCE, PAIR[:1], keys())
    with caplog.at_level(logging.WARNING):
        assert not keep_tokens(table, SOURCE, [Role.ANCHOR], ENCODER.tokenize, 2)
    (line,) = caplog.messages
    assert line.startswith("Tokens are not kept, but made when they are wanted: ")
    assert "No space left on device" in line
    assert list((home / "textcl" / "tokens").iterdir()) == []


def test_progress_counts_every_row() -> None:
    noted = Noted()
    (table,) = tables_of(SOURCE, PAIR[:1], keys())
    keep_tokens(table, SOURCE, [Role.ANCHOR], ENCODER.tokenize, 0, noted)
    assert noted.advanced == [8, 8, 8, 8, 3]
