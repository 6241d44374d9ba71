"""Cut word embeddings: some are set to zero before the backbone reads them."""

from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from textcl.encoder.runtime_backbone import Backbone
from textcl.types import Chunk


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
