"""Texts that lose what they say on the way to tokens are counted, and refused where nothing is left."""

import logging
from pathlib import Path

import pytest

from tests.tiny import tiny_encoder
from textcl.encoder.lost_texts import LostTexts
from textcl.errors import DataError, ModelError
from textcl.workflows.encode import encode_file

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


def test_a_prompt_that_fills_the_length_is_refused() -> None:
    encoder = tiny_encoder(prompts={"anchor": "a man plays the guitar "}, max_length=7)
    with pytest.raises(ModelError, match=r"'a man plays the guitar ' \(anchor\) has 7 tokens, and a text may have 7"):
        encoder.encode(["a dog"])
    assert encoder.encode(["a dog"], role="positive").shape == (1, 16)
