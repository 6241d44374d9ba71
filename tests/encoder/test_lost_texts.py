"""Texts that lose what they say on the way to tokens are counted, and refused where nothing is left."""

import json
import logging
from pathlib import Path

import pytest
from transformers import BertJapaneseTokenizer

from tests.tiny import tiny_encoder
from textcl.encoder.lost_texts import LostTexts
from textcl.encoder.tokenization import tokenize
from textcl.errors import DataError, ModelError
from textcl.workflows.encode import encode_file
from textcl.workflows.index import index
from textcl.workflows.mine import mine
from textcl.workflows.search import Searcher

AMHARIC = ["ሰላም ዓለም", "ዛሬ አየሩ ጥሩ ነው"]


def test_texts_of_an_unknown_script_are_counted() -> None:
    encoder = tiny_encoder(prompts={"anchor": "query: "})
    lost = encoder.count_lost([*AMHARIC, "a dog", "a ሰላም"], "anchor")
    assert (lost.texts, lost.unknown, lost.empty) == (4, 2, 0)
    assert lost.unknown_share == pytest.approx(7 / 10)  # 2 + 4 + 0 + 1 of 2 + 4 + 2 + 2 tokens
    assert "2 hold nothing that the model's tokenizer knows" in lost.said()


def test_texts_without_a_token_are_counted() -> None:
    encoder = tiny_encoder()
    encoder.encode(["\u200b\ufeff", "  ", "a dog"])
    assert (encoder.lost.texts, encoder.lost.empty, encoder.lost.unknown) == (3, 2, 0)


def test_nothing_is_said_where_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    encoder = tiny_encoder()
    encoder.encode(["a dog", "fish"])
    encoder.lost.report()
    assert not encoder.lost.said()
    assert not caplog.records


@pytest.mark.parametrize("words", [60, 61])
def test_texts_that_are_cut_are_counted_and_those_that_just_fit_are_not(words: int) -> None:
    encoder = tiny_encoder()  # reads 62 tokens, two of them special
    encoder.encode([" ".join(["dog"] * words), "a dog"])
    assert encoder.lost.cut == (words > 60)
    assert encoder.lost.said() == ""
    said = "Of 2 texts 1 (50.0%) are longer than 62 tokens (max_length); what follows is not read."
    assert encoder.lost.said_of_cut() == (said if words > 60 else "")


def test_a_slow_tokenizer_counts_what_it_cuts_too(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ndog\n")
    slow = BertJapaneseTokenizer(
        str(tmp_path / "vocab.txt"), word_tokenizer_type="basic", subword_tokenizer_type="wordpiece"
    )
    assert [tokenize(slow, ["dog " * n], "", 5, True).cut for n in (2, 3, 4)] == [0, 0, 1]


def test_a_set_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(DataError, match="Of 2 texts 2 hold nothing"):
        tiny_encoder().count_lost(AMHARIC, None).report()
    LostTexts().report()


def test_lost_lines_of_a_file_are_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tiny_encoder().save(tmp_path / "m")
    (tmp_path / "some.txt").write_text("a dog\nሰላም\n", encoding="utf-8")
    (tmp_path / "none.txt").write_text("\n".join(AMHARIC) + "\n", encoding="utf-8")
    settings = {"role": None, "precision": "float32"}

    with caplog.at_level(logging.WARNING):
        encode_file(str(tmp_path / "m"), tmp_path / "some.txt", tmp_path / "some.npy", **settings)
    assert [record.getMessage().startswith("Of 2 texts 1 hold nothing") for record in caplog.records] == [True]

    with pytest.raises(DataError, match="Of 2 texts 2 hold nothing"):
        encode_file(str(tmp_path / "m"), tmp_path / "none.txt", tmp_path / "none.npy", **settings)
    assert not (tmp_path / "none.npy").exists()


def test_mining_and_searching_say_what_is_lost_and_cut(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tiny_encoder().save(tmp_path / "m")
    rows = [{"anchor": f"a {word}", "positive": f"the {word} {'dog ' * 80}"} for word in ("dog", "cat", "fish")]
    (tmp_path / "pairs.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in [*rows, {**rows[0], "anchor": "ሰላም"}])
    )
    (tmp_path / "texts.txt").write_text("a dog\na cat\n")
    with caplog.at_level(logging.WARNING):
        mine(str(tmp_path / "m"), tmp_path / "pairs.jsonl", tmp_path / "mined.jsonl", negatives=1, first=0, last=3)
    said = [record.getMessage() for record in caplog.records]
    assert [line[:27] for line in said] == ["Of 7 texts 1 hold nothing t", "Of 7 texts 3 (42.9%) are lo"]
    caplog.clear()
    index(str(tmp_path / "m"), tmp_path / "texts.txt", tmp_path / "index")
    searcher = Searcher(tmp_path / "index")
    searcher.search(["a dog", "dog " * 80])
    assert not caplog.records
    assert searcher.lost.cut == 1
    searcher.search("ሰላም")
    assert ["Of 1 texts 1 hold nothing" in record.getMessage() for record in caplog.records] == [True]


def test_a_prompt_that_fills_the_length_is_refused() -> None:
    encoder = tiny_encoder(prompts={"anchor": "a man plays the guitar "}, max_length=7)
    with pytest.raises(ModelError, match=r"'a man plays the guitar ' \(anchor\) has 7 tokens, and a text may have 7"):
        encoder.encode(["a dog"])
    assert encoder.encode(["a dog"], role="positive").shape == (1, 16)
