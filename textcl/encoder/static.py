"""A model of token embeddings: a text's vector is the mean of the vectors of its tokens, which were computed once.

The folder is model2vec's, which sentence-transformers opens as a StaticEmbedding.
"""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from textcl.encoder.encoder import Encoder
from textcl.encoder.folder_format import MODULES, listed_kinds
from textcl.encoder.runtimes import Runtime, RuntimeBackbone
from textcl.errors import ModelError
from textcl.types.batches import FloatArray, IntArray
from textcl.util.cache import file_digest

_KIND = "StaticEmbedding"
_WEIGHTS, _TOKENIZER = "model.safetensors", "tokenizer.json"
_NOTHING = "[no token]"  # stands for a text without tokens


def is_static(folder: Path) -> bool:
    """Say whether a model folder holds token embeddings."""
    return listed_kinds(folder)[:1] == [_KIND]


def open_static(folder: Path) -> Encoder:
    """Open a folder of token embeddings as an encoder. It has no prompts, and reads a text whole.

    Raises:
        ModelError: It cannot be read, or its modules would give other vectors.
    """
    kinds = listed_kinds(folder)
    if kinds not in ([_KIND], [_KIND, "Normalize"]):
        raise ModelError(f"{folder / MODULES}: the modules are {', '.join(kinds)}; textcl opens {_KIND}, Normalize.")
    files = (folder / _WEIGHTS, folder / _TOKENIZER)
    try:
        table = _table(folder / _WEIGHTS)
        tokenizer = _tokenizer(folder / _TOKENIZER, len(table))
    except (OSError, KeyError, SafetensorError) as error:
        raise ModelError(f"{folder}: the model cannot be read ({error}).") from error
    config = PreTrainedConfig.from_dict({"hidden_size": table.shape[1]})
    return Encoder(RuntimeBackbone(_looking_up(table), config, file_digest(files)), tokenizer)


def _table(file: Path) -> FloatArray:
    """Read the vector of each token, its weight in the mean multiplied in, (V, D)."""
    tensors = load_file(file)
    vectors = tensors["embeddings"].astype(np.float32)
    if "mapping" in tensors:
        vectors = vectors[tensors["mapping"]]
    if "weights" in tensors:
        vectors = vectors * tensors["weights"].astype(np.float32)[:, None]
    return vectors


def _tokenizer(file: Path, size: int) -> PreTrainedTokenizerFast:
    """Read the tokenizer; it adds no special tokens, and has one for texts without tokens behind its own."""
    rules = Tokenizer.from_file(str(file)) if file.exists() else None
    if rules is None:
        raise ModelError(f"{file} is missing; export the model again.")
    if rules.get_vocab_size() != size:
        raise ModelError(f"{file}: it has {rules.get_vocab_size()} tokens, but there are vectors for {size}.")
    rules.post_processor = None
    rules.no_padding()
    return PreTrainedTokenizerFast(tokenizer_object=rules, pad_token=_NOTHING)  # type: ignore[no-untyped-call]  # transformers says no types of it


def _looking_up(table: FloatArray) -> Runtime:
    """Return what looks vectors up; the token for texts without tokens has zeros."""
    table = np.concatenate([table, np.zeros((1, table.shape[1]), dtype=np.float32)])

    def run(ids: IntArray, mask: IntArray) -> FloatArray:
        vectors: FloatArray = table[ids]  # (n, L, D)
        return vectors

    return run
