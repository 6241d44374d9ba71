"""What is changed of a tokenizer before a run: a token at the end of each text, and words of one's own."""

from tokenizers.processors import PostProcessor, Sequence, TemplateProcessing
from transformers import PreTrainedTokenizerBase


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
    rule: PostProcessor = TemplateProcessing(f"$A {end}", f"$A {end} $B:1 {end}:1", [(end, number)])
    own = tokenizer.backend_tokenizer.post_processor
    tokenizer.backend_tokenizer.post_processor = rule if own is None else Sequence([own, rule])


def ends_texts(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Say whether a tokenizer puts a special token behind a text by itself."""
    ids = tokenizer("a text", verbose=False)["input_ids"]
    plain = tokenizer("a text", add_special_tokens=False, verbose=False)["input_ids"]
    return len(ids) > len(plain) and int(ids[-1]) in tokenizer.all_special_ids and ids[-len(plain) :] != plain
