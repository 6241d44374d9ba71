import numpy as np
import pytest

from tests.tiny import KINDS, tiny_backbone, tiny_encoder, tiny_tokenizer
from textcl.encoder import tokenization
from textcl.encoder.tokenization import longest_input, tokenize
from textcl.errors import DataError
from textcl.types.batches import Tokens

TOKENIZER = tiny_tokenizer()
PAD, CLS, SEP = TOKENIZER.pad_token_id, TOKENIZER.cls_token_id, TOKENIZER.sep_token_id
DOG, QUERY, COLON = TOKENIZER.convert_tokens_to_ids(["dog", "query", ":"])


def ids(tokens: Tokens) -> list[list[int]]:
    return [row.tolist() for row in tokens.ids]


def test_texts_get_special_tokens_and_an_empty_one_nothing_else() -> None:
    tokens = tokenize(TOKENIZER, ["dog", ""], "", 8, True)

    assert ids(tokens) == [[CLS, DOG, SEP], [CLS, SEP]]
    assert tokens.pad_id == PAD
    assert tokens.skipped.tolist() == [0, 0]


def test_a_text_with_half_a_surrogate_pair_is_named_by_its_number() -> None:
    with pytest.raises(DataError, match=r"^text 1: found '\\ud800', half a surrogate pair; write UTF-8\.$"):
        tokenize(TOKENIZER, ["dog", "a \ud800 dog"], "", 8, True)


def test_truncation_counts_special_tokens_and_the_prompt() -> None:
    tokens = tokenize(TOKENIZER, ["dog dog dog dog"], "query: ", 5, True)

    assert ids(tokens) == [[CLS, QUERY, COLON, DOG, SEP]]


def test_a_prompt_that_is_not_pooled_is_skipped_with_the_special_token_before_it() -> None:
    tokens = tokenize(TOKENIZER, ["dog", ""], "query: ", 8, False)

    assert ids(tokens) == [[CLS, QUERY, COLON, DOG, SEP], [CLS, QUERY, COLON, SEP]]
    assert tokens.skipped.tolist() == [3, 3]


def test_an_empty_prompt_skips_nothing() -> None:
    assert tokenize(TOKENIZER, ["dog"], "", 8, False).skipped.tolist() == [0]


def test_an_empty_text_of_a_tokenizer_without_special_tokens_still_gets_a_token() -> None:
    bare = tiny_tokenizer()
    bare.backend_tokenizer.post_processor = None

    assert ids(tokenize(bare, ["dog", ""], "", 8, True)) == [[DOG], [PAD]]


def test_no_texts_give_no_sequences() -> None:
    tokens = tokenize(TOKENIZER, [], "query: ", 8, False)

    assert len(tokens) == 0
    assert tokens.lengths.dtype == np.int64


def test_positions_behind_the_padding_are_not_counted_as_room_for_text() -> None:
    limits = {kind: longest_input(tiny_backbone(kind)) for kind in KINDS}

    assert limits == {"bert": 64, "roberta": 62, "mpnet": 62, "distilbert": 64, "modernbert": 64}


def test_the_longest_text_runs_through_every_kind() -> None:
    for kind in KINDS:
        encoder = tiny_encoder(kind=kind, max_length=longest_input(tiny_backbone(kind)))
        assert np.isfinite(encoder.encode(["dog " * 100])).all()


def test_of_a_book_only_the_beginning_is_cut_into_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths, encoded = list[int](), tokenization._encoded

    def noted(tokenizer: object, texts: list[str], max_length: int | None) -> object:
        lengths.extend(map(len, texts))
        return encoded(tokenizer, texts, max_length)

    monkeypatch.setattr(tokenization, "_encoded", noted)
    tokens = tokenize(TOKENIZER, ["dog " * 100_000, "dog"], "", 8, True)
    assert (ids(tokens), tokens.cut) == ([[CLS, *[DOG] * 6, SEP], [CLS, DOG, SEP]], 1)
    assert max(lengths) <= 8_000
