"""Replace some words by others that a masked language model finds likely there."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from textcl.augment.words import check_shares, in_case_of
from textcl.errors import ModelError
from textcl.util.foreign import check_folder, check_vocabulary, reading
from textcl.util.seeds import seeded

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_BLANKS = ("Ġ", "▁")  # how byte-level and sentence-piece tokenizers mark a token that follows a blank
_USUAL = 512  # positions of a model that does not say how many it has
_RESERVED = 2  # positions that RoBERTa and its kin have no tokens for


@dataclass(frozen=True, slots=True)
class WholeWord:
    """A word of a text that is one token."""

    position: int  # in the sequence
    start: int  # characters into the text
    end: int


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """A text as the model reads it."""

    ids: Tensor  # (L,) int64
    words: tuple[WholeWord, ...]  # those that are one token, of letters


class MaskedWords:
    """A model and its tokenizer.

    Args:
        model: Predicts masked tokens; it runs where it is.
        tokenizer: A fast one, with a mask token.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._model.train(False)
        self._tokenizer = tokenizer
        positions = getattr(model.config, "max_position_embeddings", _USUAL)
        self._longest = min(tokenizer.model_max_length, positions - _RESERVED)  # tokens
        tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        blanks = [token.startswith(_BLANKS) for token in tokens]
        letters = [token.lstrip("".join(_BLANKS)).isalpha() for token in tokens]
        self._follows_blank = torch.tensor(blanks)  # (vocabulary,)
        self._is_word = torch.tensor(letters)  # (vocabulary,) neither ##ing, [MASK] nor a mark
        self._is_word[tokenizer.all_special_ids] = False

    def read(self, text: str) -> TokenizedText:
        """Tokenise a text and find its whole words."""
        read = self._tokenizer(text, truncation=True, max_length=self._longest, return_offsets_mapping=True)
        ids, offsets, positions = torch.tensor(read["input_ids"]), read["offset_mapping"], read.word_ids()
        tokens, words = Counter(positions), []
        for position, (start, end) in enumerate(offsets):
            if positions[position] is not None and tokens[positions[position]] == 1 and self._is_word[ids[position]]:
                words.append(WholeWord(position, end - len(text[start:end].lstrip()), end))
        return TokenizedText(ids, tuple(words))

    @torch.inference_mode()
    def likeliest(self, text: TokenizedText, masked: Sequence[WholeWord], count: int) -> list[list[tuple[str, float]]]:
        """Return for each masked word the likeliest others, and their probabilities; all words are masked at once."""
        if not masked:
            return []
        positions = torch.tensor([word.position for word in masked])  # (M,)
        ids = text.ids.clone()
        ids[positions] = self._tokenizer.mask_token_id
        logits = self._model(input_ids=ids[None]).logits[0, positions, : len(self._is_word)].double()  # (M, vocabulary)
        old = text.ids[positions]
        fits = self._is_word & (self._follows_blank == self._follows_blank[old][:, None])
        fits[torch.arange(len(old)), old] = False
        chances, others = logits.masked_fill(~fits, -torch.inf).softmax(dim=-1).topk(min(count, logits.shape[1]))
        return [self._named(*row) for row in zip(chances.tolist(), others.tolist(), strict=True)]

    def _named(self, chances: Sequence[float], ids: Sequence[int]) -> list[tuple[str, float]]:
        """Return words as they are written, without those that cannot be."""
        words = [str(self._tokenizer.decode([token])).strip() for token in ids]
        return [(word, chance) for word, chance in zip(words, chances, strict=True) if chance > 0 and word.isalpha()]


def refuse_absent_model(name: str) -> None:
    """Refuse what is no model, without reading its weights.

    Raises:
        ModelError: Says why.
    """
    from transformers import AutoConfig

    check_folder(name)
    try:
        with reading(name):
            AutoConfig.from_pretrained(name, trust_remote_code=False)
    except ModelError as error:
        raise ModelError(f"{name}: found no model of transformers there: {error}") from error


@cache
def open_masked_words(name: str) -> MaskedWords:
    """Open a masked language model on the CPU, once a process.

    Raises:
        ModelError: It cannot be read, has no head that predicts words, or a tokenizer without offsets or mask.
    """
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    from textcl.util.quiet import quiet_transformers

    try:
        with reading(name), seeded(0), quiet_transformers():  # it draws what the files lack, and says so
            check_folder(name)
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
            model, report = AutoModelForMaskedLM.from_pretrained(
                name, output_loading_info=True, dtype=torch.float32, trust_remote_code=False
            )
            rows = model.get_input_embeddings().get_parameter("weight").shape[0]
            check_vocabulary(int(rows), tokenizer.get_vocab().values(), name)
    except ModelError as error:
        raise ModelError(f"{name}: cannot be opened as a masked language model: {error}") from error
    if report["missing_keys"]:
        absent = sorted(report["missing_keys"])[0]
        raise ModelError(
            f"{name}: found no weights that predict masked words ({absent} is missing), so its words would be drawn by "
            "chance. Name the model as it was pre-trained, such as google-bert/bert-base-uncased, not an encoder of it."
        )
    if not tokenizer.is_fast or tokenizer.mask_token_id is None:
        absent = "no mask token" if tokenizer.is_fast else "no fast version"
        raise ModelError(f"{name}: its tokenizer has {absent}, which MaskedSubstitution needs.")
    return MaskedWords(model, tokenizer)


@dataclass(frozen=True, slots=True)
class MaskedSubstitution:
    """Masks some words, and puts others in their place that a masked language model finds likely there.

    Words that its tokenizer keeps whole are masked, all drawn ones at once; each gets one of the `top` likeliest whole
    words except itself, drawn by the model's probabilities. Case and white space stay. The model runs on the CPU in
    float32, one text at a time, with no state but its weights, which each process opens once, at its first text; an
    instance holds its name alone, and is as small in a worker. Draws repeat on the same kind of machine: elsewhere the
    last digits of a probability may differ.

    Failure modes: what is likely is not what is meant ("a good film" → "a bad film"): as the plain positive it is the
    worst of the known changes (SimCSE, table 1: 62.2 for 15 %, against dropout's 82.5), and serves better for DiffCSE's
    auxiliary task. Every text costs a forward pass of the model, each epoch: take a small one. Text beyond the model's
    length, and scripts that its tokenizer has no whole words for, stay. Byte-level and
    sentence-piece vocabularies do not tell a word from the beginning of one, so one may come out unfinished.

    Args:
        model: A masked language model of transformers with a fast tokenizer: a folder or a Hub id.
        rate: The probability of each whole word to be replaced, a fraction.
        top: How many of the likeliest words are drawn from.

    Raises:
        ValueError: Not 0 ≤ rate ≤ 1, or top is below 1.
        ModelError: There is no such model.

    Source:
        Gao et al. 2021, SimCSE, table 1 ("MLM 15%"). arXiv:2104.08821
        Chuang et al. 2022, DiffCSE, section 3 (a generator's substitutions). arXiv:2204.10298

    Example:
        augment: [{use: MaskedSubstitution, model: google-bert/bert-base-uncased, rate: 0.15}]
        # "a good film" may become "a great film", and "a bad film" too
    """

    papers = ("chuang2022diffcse",)

    model: str
    rate: float = 0.15
    top: int = 10

    def __post_init__(self) -> None:
        check_shares(rate=self.rate)
        if self.top < 1:
            raise ValueError(f"top: found {self.top}, but it must be at least 1 word.")
        refuse_absent_model(self.model)

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text with some words replaced."""
        if not self.rate:
            return text
        model = open_masked_words(self.model)
        sequence = model.read(text)
        masked = [word for word in sequence.words if rng.random() < self.rate]
        parts, end = [], 0
        for word, candidates in zip(masked, model.likeliest(sequence, masked, self.top), strict=True):
            if candidates:
                others, weights = zip(*candidates, strict=True)
                new = in_case_of(rng.choices(others, weights)[0], text[word.start : word.end])
                parts += [text[end : word.start], new]
                end = _after_accents(text, word.end)
        return "".join([*parts, text[end:]])


def _after_accents(text: str, end: int) -> int:
    """Return where the combining marks end that stand behind a word: an uncased tokenizer leaves them out of it."""
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return end
