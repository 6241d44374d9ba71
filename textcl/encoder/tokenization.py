"""From texts to token sequences without padding, and whether a backbone may be shown padding behind them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BatchEncoding, PreTrainedTokenizerBase

from textcl.encoder.prompts import as_role
from textcl.encoder.protocols import Backbone
from textcl.encoder.runtimes import RuntimeBackbone
from textcl.errors import ModelError
from textcl.files.values import refuse_unwritable
from textcl.types.batches import Chunk, InputFormat, IntArray, Tokens
from textcl.types.text import Role
from textcl.util.foreign import reason_of
from textcl.util.visible import one_line

_CHARACTERS = 1000  # of a text, for each token that is kept: tokens have far fewer, and a book is not cut whole
_NO_LIMIT = 1_000_000  # a tokenizer that knows of no limit names some huge number


def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    prompt: str,
    max_length: int | None,
    pool_prompt: bool,
    features: int = 0,
) -> Tokens:
    """Put a prompt before each text and cut both into tokens, special tokens included.

    Args:
        tokenizer: Of the backbone.
        texts: N texts; an empty one gives the special tokens alone.
        prompt: Stands before each text; may be empty.
        max_length: Tokens a sequence has at most, special tokens and prompt included.
        pool_prompt: Whether pooling reads the prompt's tokens.
        features: The width of a word's embedding, H; only input augmentations want it.
    """
    most = None if max_length is None else max_length * _CHARACTERS
    whole = [prompt + text[:most] for text in texts]
    encoded = _encoded(tokenizer, whole, max_length)
    ids = _ids(tokenizer, encoded)
    leading = _prompt_tokens(tokenizer, prompt, max_length) if prompt else 0
    skipped = np.full(len(ids), 0 if pool_prompt else leading, dtype=np.int64)
    # A word that the tokenizer does not know is text, though its token is listed among the special ones.
    special = frozenset(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    return Tokens(
        ids,
        skipped,
        _pad_id(tokenizer),
        format=InputFormat(features, special, leading),
        longest=max_length or 0,
        cut=_count_cut(tokenizer, whole, encoded, max_length),
    )


def lengths_by_role(lengths: Mapping[str, int] | Mapping[Role, int]) -> dict[Role, int]:
    """Give every role its length: negatives have that of the positives, and a role that is not named the largest.

    Raises:
        ValueError: A key is no role, there is none, or negatives are not cut as positives are.
    """
    given = {as_role(name): length for name, length in lengths.items()}
    if not given:
        raise ValueError("max_length is {}; give a number, or one for each role: {anchor: 64, positive: 512}.")
    longest = max(given.values())
    positive = given.get(Role.POSITIVE, longest)
    if given.get(Role.NEGATIVE, positive) != positive:
        raise ValueError(
            f"max_length gives negatives {given[Role.NEGATIVE]} tokens and positives {positive}; both are documents, "
            "which a model cuts alike. Leave the negatives out."
        )
    return {Role.ANCHOR: given.get(Role.ANCHOR, longest), Role.POSITIVE: positive, Role.NEGATIVE: positive}


def lengths_of_roles(
    lengths: int | Mapping[str, int] | Mapping[Role, int] | None, roles: Sequence[Role]
) -> int | dict[Role, int] | None:
    """Return how many tokens the texts of some roles have, one number or by role; None: as the model says."""
    if lengths is None or isinstance(lengths, int):
        return lengths
    return {role: length for role, length in lengths_by_role(lengths).items() if role in roles}


def longest_input(backbone: Backbone) -> int | None:
    """Return how many tokens a backbone has positions for, None where it has no limit."""
    return _smallest(_positions(backbone))


def usual_length(backbone: Backbone, tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Return how many tokens a tokenizer keeps of a text by itself, None where it keeps all."""
    return _smallest([tokenizer.model_max_length, *_positions(backbone)])


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return how many special tokens a text gets."""
    return int(tokenizer.num_special_tokens_to_add(pair=False))


def _positions(backbone: Backbone) -> list[int]:
    """Return the numbers of positions that the config and the position tables have room for."""
    limits = [getattr(backbone.config, "max_position_embeddings", None) or 0]
    for name, module in backbone.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa and its kin count positions from behind the padding's own row.
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            limits.append(module.num_embeddings - reserved)
    return limits


def _smallest(limits: list[int]) -> int | None:
    return min((int(limit) for limit in limits if 0 < limit < _NO_LIMIT), default=None)


def _encoded(tokenizer: PreTrainedTokenizerBase, texts: list[str], max_length: int | None) -> BatchEncoding:
    if not texts:
        return BatchEncoding({"input_ids": []})
    with _explained(tokenizer, texts):
        encoded: BatchEncoding = tokenizer(
            texts,
            truncation=max_length is not None,
            max_length=max_length,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
    return encoded


def _ids(tokenizer: PreTrainedTokenizerBase, encoded: BatchEncoding) -> tuple[IntArray, ...]:
    # A tokenizer without special tokens gives an empty text no token at all; a model needs one.
    return tuple(np.asarray(ids or [_pad_id(tokenizer)], dtype=np.int64) for ids in encoded["input_ids"])


def _count_cut(
    tokenizer: PreTrainedTokenizerBase, texts: list[str], encoded: BatchEncoding, max_length: int | None
) -> int:
    """Count the texts that have more tokens than were kept, among those that fill the length."""
    if max_length is None:
        return 0
    full = [row for row, ids in enumerate(encoded["input_ids"]) if len(ids) >= max_length]
    if encoded.encodings is not None:
        return sum(bool(encoded.encodings[row].overflowing) for row in full)
    whole = _encoded(tokenizer, [texts[row] for row in full], None)["input_ids"]
    return sum(len(ids) > max_length for ids in whole)


@contextmanager
def _explained(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Iterator[None]:
    """Turn the panic of a tokenizer, such as over an expression that takes too long, into a ModelError.

    Raises:
        DataError: A text holds half a surrogate pair, which tokenizers take for no text.
    """
    try:
        yield
    except (TypeError, UnicodeEncodeError):
        for number, text in enumerate(texts):
            refuse_unwritable(text, f"text {number}")
        raise
    except BaseException as error:  # its panics are no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise ModelError(
            f"{tokenizer.name_or_path}: its tokenizer cannot cut a text into tokens ({one_line(str(error))[:200]})."
        ) from error


def _prompt_tokens(tokenizer: PreTrainedTokenizerBase, prompt: str, max_length: int | None) -> int:
    """Count the prompt's tokens with the special tokens before it, as sentence-transformers counts them."""
    ids = _ids(tokenizer, _encoded(tokenizer, [prompt], max_length))[0]
    return len(ids) - (int(ids[-1]) in tokenizer.all_special_ids)


def _pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    return int(tokenizer.pad_token_id)


def word_width(backbone: Backbone) -> int:
    """Return how many features the embedding of a word has, H."""
    return backbone.get_input_embeddings().get_parameter("weight").shape[1]


def words_cut(backbone: Backbone, chunk: Chunk) -> AbstractContextManager[object]:
    """Set the word embeddings that a chunk does not keep to zero, for a call of the backbone in the block.

    The backbone is given ids all the same: some (RoBERTa, MPNet) count positions by them, and given embeddings alone
    would count otherwise.
    """
    if chunk.kept_tokens is None or chunk.kept_features is None:
        return nullcontext()
    is_cut = ~(chunk.kept_tokens.unsqueeze(2) & chunk.kept_features.unsqueeze(1))  # (n, L, H)

    def cut(table: nn.Module, inputs: tuple[Tensor, ...], words: Tensor) -> Tensor:
        return words.masked_fill(is_cut, 0.0)

    return backbone.get_input_embeddings().register_forward_hook(cut)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module in evaluation mode for a block, then every part of it back in its own mode."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


# Some of them only in texts longer than the probe; and an export is not probed, for int8 moves with its neighbours.
_BY_LENGTH = ("canine", "convbert", "fnet", "funnel", "mra", "nystromformer", "reformer", "yoso")
_BY_MASK = ("bert", "distilbert", "modernbert", "mpnet", "roberta")  # known to heed it, so they are not probed
_PROBE, _PADDING = "a text of a few words", 16  # tokens of padding
_AS_WITHOUT = 1e-4  # of the largest number; float32 alone moves one by a hundredth of it


def reads_padding(backbone: Backbone, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> bool:
    """Say whether the token vectors of a backbone depend on the padding behind a text, as those of FNet do.

    Convolutions and Fourier transforms along a text do not heed the mask, so such a backbone must see no padding.

    Raises:
        ModelError: The backbone cannot embed a text by its tokens alone.
    """
    kind = str(getattr(backbone.config, "model_type", ""))
    if kind in (*_BY_LENGTH, *_BY_MASK) or isinstance(backbone, RuntimeBackbone):
        return kind in _BY_LENGTH
    room = max_length or longest_input(backbone) or 4 * _PADDING
    ids = tokenizer(_PROBE, verbose=False)["input_ids"][: max(1, room // 2)]
    width = min(room, len(ids) + _PADDING)
    padded = torch.tensor([ids + [tokenizer.pad_token_id] * (width - len(ids))], device=backbone.device)  # (1, L)
    mask = (torch.arange(width, device=backbone.device) < len(ids)).long()[None]
    try:
        with evaluating(backbone), torch.inference_mode():
            alone, beside = (
                backbone(input_ids=padded[:, :end], attention_mask=mask[:, :end]).last_hidden_state[:, : len(ids)]
                for end in (len(ids), width)
            )  # (1, n, D) each
    except Exception as error:  # what a backbone raises that wants more than tokens, such as a language, has no base
        folder = backbone.config._name_or_path or "The encoder"
        raise ModelError(
            f"{folder}: a backbone of the kind {kind!r} cannot embed a text ({reason_of(error)})."
        ) from error
    return bool((alone - beside).abs().max() > _AS_WITHOUT * alone.abs().max())
