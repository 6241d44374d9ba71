"""What is changed of a tokenizer before a run: a token at the end of each text, and words of one's own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from tokenizers import AddedToken, processors
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from textcl.errors import DataError
from textcl.files.lines import read_lines


def append_end(tokenizer: PreTrainedTokenizerBase) -> None:
    """Let a tokenizer end each text with its end token, unless it ends texts with a special token by itself.

    The rule is part of the tokenizer's own file, so whatever opens the folder follows it; texts that are cut keep it.

    Raises:
        ValueError: The tokenizer has no end token, or is none whose rules can be changed.
    """
    if ends_texts(tokenizer):
        return
    end = tokenizer.eos_token or tokenizer.sep_token
    if end is None or not tokenizer.is_fast:
        lacks = "has no end token" if end is None else "is of a kind whose rules cannot be changed (a slow one)"
        raise ValueError(f"append_eos is asked for, but the tokenizer {lacks}. Set it to false.")
    number = tokenizer.convert_tokens_to_ids(end)
    rule = processors.TemplateProcessing(f"$A {end}", f"$A {end} $B:1 {end}:1", [(end, number)])
    own = tokenizer.backend_tokenizer.post_processor
    tokenizer.backend_tokenizer.post_processor = rule if own is None else processors.Sequence([own, rule])


def ends_texts(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Say whether a tokenizer puts a special token behind a text by itself."""
    ids = tokenizer("a text", verbose=False)["input_ids"]
    plain = tokenizer("a text", add_special_tokens=False, verbose=False)["input_ids"]
    return len(ids) > len(plain) and int(ids[-1]) in tokenizer.all_special_ids and ids[-len(plain) :] != plain


def read_words(path: str) -> list[str]:
    """Read new words from a file, one a line.

    Raises:
        DataError: There is no such file, none in it, or a line holds more than one word.
    """
    file = Path(path).expanduser()
    words = {}
    for number, line in read_lines(file):
        if len(line.split()) > 1:
            raise DataError(f"{file}, line {number}: found {line[:60]!r}, but a line holds one word, without a blank.")
        words[line] = number
    return list(words)


def learn_words(backbone: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, file: str, *, has_adapter: bool) -> None:
    """Give the words of a file tokens and rows of their own.

    Raises:
        ValueError: An adapter is trained, so no row would be; or a word is none that the tokenizer can learn.
    """
    if has_adapter:
        raise ValueError("new_words is given, but an adapter leaves the table as it is. Set one of the two to null.")
    add_words(backbone, tokenizer, read_words(file))


def add_words(backbone: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> list[str]:
    """Give words a token each, and a row of the embedding table that starts as the mean of their pieces' rows.

    A word that is one token already stays as it is. A new one is found wherever it stands between blanks, marks or the
    ends of a text, and takes the blank before it into itself, as tokenizers with blanks in their tokens need it.

    Args:
        backbone: Its table is made longer where it has no rows to spare.
        tokenizer: Of the backbone.
        words: Without blanks.

    Returns:
        The words that are new.

    Raises:
        ValueError: The tokenizer is none that can learn words, or does not find one.
    """
    if not tokenizer.is_fast:
        raise ValueError("new_words is given, but the tokenizer is of a kind that learns no words (a slow one).")

    def cut(texts: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        return found

    pieces = new_tokens(words, cut, tokenizer.add_tokens, tokenizer.unk_token_id)
    table = backbone.get_input_embeddings().get_parameter("weight")
    longest = max(pieces, default=0) + 1
    if longest > len(table):
        backbone.resize_token_embeddings(longest, mean_resizing=False)
    start_rows(backbone.get_input_embeddings().get_parameter("weight"), pieces)
    return [str(tokenizer.convert_ids_to_tokens(number)) for number in pieces]


def start_rows(table: torch.Tensor, pieces: Mapping[int, Sequence[int]]) -> None:
    """Set rows of a table, (V, D), to the mean of others; `pieces` has the numbers of these for each."""
    with torch.no_grad():
        for number, parts in pieces.items():
            table[number] = table[list(parts)].mean(dim=0)


def new_tokens(
    words: Sequence[str],
    cut: Callable[[Sequence[str]], list[list[int]]],
    add: Callable[[list[AddedToken]], int],
    unknown: int | None,
) -> dict[int, list[int]]:
    """Let a tokenizer learn words, and return the number of each new token with those of its pieces before.

    Args:
        words: Without blanks.
        cut: Cuts texts into tokens, without special ones.
        add: Takes new tokens.
        unknown: The token that stands for all that the tokenizer does not know; None: it knows everything.

    Raises:
        ValueError: The tokenizer does not find one of them.
    """
    before: dict[str, list[int]] = {}
    read_alike = set()
    for word, own in zip(words, cut(words), strict=True):
        reading = (tuple(own), word if unknown in own else "")  # of an unknown one the pieces say nothing
        if own and (len(own) > 1 or own == [unknown]) and reading not in read_alike:
            before[word] = own
            read_alike.add(reading)
    add([AddedToken(word, single_word=True, lstrip=True, normalized=True) for word in before])
    found: dict[int, list[int]] = {}
    lists = zip(before.items(), cut(list(before)), cut([f"so {word}, it" for word in before]), strict=True)
    for (word, parts), alone, inside in lists:
        if len(alone) != 1 or alone[0] not in inside:
            raise ValueError(f"new_words has {word!r}, which the tokenizer does not find in a text. Leave it out.")
        found[alone[0]] = parts
    return found
