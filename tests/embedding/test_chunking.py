"""Passages by an encoder's own tokens, and their vectors as parts of whole documents, against a naive loop."""

import numpy as np
import pytest
import torch

from tests.tiny import WORDS, tiny_backbone, tiny_encoder, tiny_tokenizer
from textcl.embedding.chunking import Chunker, Chunking
from textcl.encoder.encoder import Encoder
from textcl.errors import SearchError
from textcl.types.text import Document

TEXT = "the old man reads a red book. two dogs run on the road. what is the value of a matrix? a fish sees the river."


def document(text: str, title: int = 0) -> Document:
    return Document("1", text, "line 1", title)


def naive(encoder: Encoder, text: str, spans: list[tuple[int, int]], prompt: str = "") -> np.ndarray:
    """Embed passages by means of the states of the tokens that lie in them, one document at a time."""
    encoded = encoder.tokenizer(prompt + text, return_offsets_mapping=True, return_tensors="pt")
    offsets = encoded.pop("offset_mapping")[0].tolist()
    with torch.no_grad():
        states = encoder.backbone.eval()(**encoded).last_hidden_state[0]
    vectors = []
    for start, stop in spans:
        inside = [
            number
            for number, (begin, end) in enumerate(offsets)
            if begin < end and begin >= start + len(prompt) and end <= stop + len(prompt)
        ]
        mean = states[inside].mean(dim=0)
        vectors.append((mean / mean.norm()).numpy())
    return np.array(vectors)


@pytest.mark.parametrize("prompt", ["", "passage "])
def test_late_passages_are_means_of_the_tokens_of_one_pass_over_the_document(prompt: str) -> None:
    encoder = tiny_encoder(prompts={"positive": prompt} if prompt else None)
    chunker = Chunker(encoder, Chunking(10, 3, late=True))
    texts = [TEXT, "two birds. " * 9, "fish"]
    cut = chunker.cut(list(map(document, texts)))
    assert len(cut[0]) > 2
    parts = [(number, texts[number], part[:2]) for number, own in enumerate(cut) for part in own]
    expected = [naive(encoder, text, [part[:2] for part in own], prompt) for text, own in zip(texts, cut, strict=True)]
    assert np.allclose(chunker.encode_late(parts), np.concatenate(expected), atol=1e-5)


def test_a_document_longer_than_the_encoder_reads_is_read_in_as_few_passes_as_its_passages_fit_into() -> None:
    encoder = tiny_encoder(max_length=22)  # 20 tokens of a text
    chunker = Chunker(encoder, Chunking(10, late=True))
    text = ". ".join(" ".join(WORDS[start : start + 7]) for start in range(0, 42, 7)) + "."  # six sentences of 8 tokens
    spans = [part[:2] for part in chunker.cut([document(text)])[0]]
    assert len(spans) == 6
    found = chunker.encode_late([(0, text, span) for span in spans])
    for first in (0, 2, 4):
        begin, end = spans[first][0], spans[first + 1][1]
        own = [(start - begin, stop - begin) for start, stop in spans[first : first + 2]]
        assert np.allclose(found[first : first + 2], naive(encoder, text[begin:end], own), atol=1e-5)


def test_a_title_before_a_passage_takes_of_its_tokens() -> None:
    title = "the old man"
    chunker = Chunker(tiny_encoder(), Chunking(12, repeat_title=True))
    parts = chunker.cut([document(f"{title} {TEXT}", len(title))])[0]
    assert {stop for _, _, stop in parts} == {len(title)}
    whole = f"{title} {TEXT}"
    for start, stop, _ in parts:
        given = whole[start:stop] if start < len(title) else f"{title} {whole[start:stop]}"
        assert len(tiny_tokenizer()(given, add_special_tokens=False)["input_ids"]) <= 12


@pytest.mark.parametrize(
    ("chunking", "said"),
    [
        (lambda: Chunking(0), "at least 1 token"),
        (lambda: Chunking(10, 6), "at most half of them as overlap"),
        (lambda: Chunking(10, late=True, repeat_title=True), "leave the repeated title out"),
        (lambda: Chunker(tiny_encoder(max_length=12), Chunking(11)), "the model reads 12 of a text.*at most 10"),
        (lambda: Chunker(tiny_encoder(pooling="cls"), Chunking(5, late=True)), "the model pools by cls"),
    ],
)
def test_what_cannot_be_cut_is_refused(chunking, said: str) -> None:
    with pytest.raises(SearchError, match=said):
        chunking()


def test_a_tokenizer_that_knows_no_characters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(tiny_backbone(), tiny_tokenizer())
    monkeypatch.setattr(type(encoder.tokenizer), "is_fast", False)
    with pytest.raises(SearchError, match="does not say which characters"):
        Chunker(encoder, Chunking(5))
