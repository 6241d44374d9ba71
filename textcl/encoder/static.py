"""A model of token embeddings: a text's vector is the mean of the vectors of its tokens, which were computed once.

The folder is model2vec's, which sentence-transformers opens as a StaticEmbedding, or one that the latter wrote.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from textcl.encoder.encoder import Encoder
from textcl.encoder.folder_files import Settings, check_weights
from textcl.encoder.folder_format import MODULES, listed_kinds, listed_modules, read_model_settings
from textcl.encoder.runtimes import Runtime, RuntimeBackbone
from textcl.errors import ModelError
from textcl.types.batches import FloatArray, IntArray
from textcl.util.cache import file_digest
from textcl.util.foreign import reading

_KIND = "StaticEmbedding"
_WEIGHTS, _TOKENIZER = ("model.safetensors", "pytorch_model.bin"), ("tokenizer.json",)
_TABLES = ("embedding.weight", "embeddings")  # what sentence-transformers and model2vec call the table
_NOTHING = "[no token]"  # stands for a text without tokens


def is_static(folder: Path) -> bool:
    """Say whether a model folder holds token embeddings."""
    return listed_kinds(folder)[:1] == [_KIND]


def open_static(folder: Path) -> Encoder:
    """Open a folder of token embeddings as an encoder, which reads a text whole.

    Raises:
        ModelError: It cannot be read, or its modules would give other vectors.
    """
    modules = listed_modules(folder)
    kinds = listed_kinds(folder)
    if kinds not in ([_KIND], [_KIND, "Normalize"]):
        raise ModelError(f"{folder / MODULES}: the modules are {', '.join(kinds)}; textcl opens {_KIND}, Normalize.")
    settings = read_model_settings(folder, is_normalised=kinds[-1] == "Normalize")
    files = [_file(modules[0].folder, folder, names) for names in (_WEIGHTS, _TOKENIZER)]
    table = _table(files[0])
    tokenizer = _tokenizer(files[1], len(table))
    config = PreTrainedConfig.from_dict({"hidden_size": table.shape[1]})
    backbone = RuntimeBackbone(_looking_up(table, int(tokenizer.pad_token_id)), config, file_digest(files))
    return Encoder(
        backbone, tokenizer, prompts=settings.prompts, truncate_dim=settings.truncate_dim, beside=settings.beside
    )


def _file(own: Path, root: Path, names: Sequence[str]) -> Path:
    """Return a file of the module, in its own folder or, as model2vec writes it, at the root."""
    locations = [folder / name for folder in (own, root) for name in names]
    found = next((location for location in locations if location.exists()), None)
    if found is None:
        raise ModelError(f"{locations[0]} is missing; copy the model again, or export it again.")
    return found


def _table(file: Path) -> FloatArray:
    """Read the vector of each token, its weight in the mean multiplied in, (V, D)."""
    check_weights(file)
    with reading(file):
        tensors = _tensors(file)
        vectors = next((tensors[name] for name in _TABLES if name in tensors), None)
        if vectors is None or vectors.ndim != 2:
            held = ", ".join(tensors) or "nothing"
            raise ModelError(f"{file} holds {held}; a table of vectors is called {' or '.join(_TABLES)}.")
        if "mapping" in tensors:
            vectors = vectors[tensors["mapping"].long()]
        vectors = vectors.float()
        if "weights" in tensors:
            vectors = vectors * tensors["weights"].float()[:, None]
    table: FloatArray = vectors.numpy().astype(np.float32)
    return table


def _tensors(file: Path) -> dict[str, Tensor]:
    if file.suffix == ".safetensors":
        return load_file(file)
    return dict(torch.load(file, map_location="cpu", weights_only=True))


def _tokenizer(file: Path, size: int) -> PreTrainedTokenizerFast:
    """Read the tokenizer; it adds no special tokens, and has one for texts without tokens behind its own."""
    Settings.read(file)
    with reading(file):
        rules = Tokenizer.from_file(str(file))
        largest = max(rules.get_vocab().values(), default=-1) + 1
        if largest > size:
            raise ModelError(f"{file}: it has {largest} tokens, but there are vectors for {size}.")
        rules.post_processor = None
        rules.no_padding()
        rules.no_truncation()
        return PreTrainedTokenizerFast(tokenizer_object=rules, pad_token=_NOTHING)  # type: ignore[no-untyped-call]  # transformers says no types of it


def _looking_up(table: FloatArray, nothing: int) -> Runtime:
    """Return what looks vectors up; the token for texts without tokens, of this number, has zeros."""
    rows = np.zeros((max(len(table), nothing + 1), table.shape[1]), dtype=np.float32)
    rows[: len(table)] = table
    rows[nothing] = 0

    def run(ids: IntArray, mask: IntArray) -> FloatArray:
        vectors: FloatArray = rows[ids]  # (n, L, D)
        return vectors

    return run
