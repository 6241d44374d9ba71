"""Replace some words by what a masked language model expects in their place."""

import random
import unicodedata
from dataclasses import dataclass

from textcl.augment.masked_words import open_masked_words, refuse_absent_model
from textcl.augment.words import check_shares, in_case_of


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
    """

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
