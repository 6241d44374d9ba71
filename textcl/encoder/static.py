"""A model of token embeddings: a text's vector is the mean of the vectors of its tokens, the same in every text.

The folder is model2vec's, which sentence-transformers opens as a StaticEmbedding, or one that the latter wrote.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.autograd.function import once_differentiable
from transformers import PreTrainedTokenizerFast

from textcl.encoder.dense import KINDS, VectorDropout
from textcl.encoder.encoder import Encoder
from textcl.encoder.folder_files import Settings, check_weights
from textcl.encoder.folder_format import (
    STATIC,
    WAY_OUT,
    FolderSettings,
    Module,
    Tower,
    check_chain,
    read_layers,
    read_model_settings,
)
from textcl.encoder.prompts import Prompts
from textcl.encoder.runtimes import TokenTable
from textcl.encoder.saving import kinds_after, make_folders, write_after
from textcl.errors import ModelError
from textcl.types.batches import Chunk
from textcl.types.text import Role
from textcl.util.foreign import reading

_WEIGHTS, _TOKENIZER = ("model.safetensors", "pytorch_model.bin"), ("tokenizer.json",)
_TABLES = ("embedding.weight", "embeddings")  # what sentence-transformers and model2vec call the table
_NOTHING = "[no token]"  # stands for a text without tokens


class StaticEncoder(Encoder):
    """The mean of token embeddings: rows of a table are looked up, and nothing else is computed.

    Args:
        table: The vector of each token, and of nothing else.
        tokenizer: Adds no special tokens; its padding token stands for a text without tokens.
        rules: The tokenizer as its file had it, JSON.
        settings: Of its folder.
    """

    backbone: TokenTable

    def __init__(
        self, table: TokenTable, tokenizer: PreTrainedTokenizerFast, rules: str, settings: FolderSettings
    ) -> None:
        super().__init__(
            table,
            tokenizer,
            prompts=settings.prompts,
            max_length=settings.max_length,
            dense=settings.dense,
            truncate_dim=settings.truncate_dim,
            beside=settings.beside,
        )
        self._rules = rules

    def forward(self, chunk: Chunk) -> Tensor:
        """Embed a chunk: (n, D) float32, each row on its own, not of unit length."""
        is_read = (chunk.pooled == 1) & (chunk.ids != self.backbone.nothing)  # (n, L)
        is_summed = is_read if chunk.kept_tokens is None else is_read & chunk.kept_tokens
        starts = F.pad(is_summed.sum(dim=1).cumsum(dim=0)[:-1], (1, 0))  # (n,)
        words = self.backbone.words
        add_up = _RowSums.apply if words.sparse else partial(F.embedding_bag, mode="sum")
        sums: Tensor = add_up(chunk.ids[is_summed], words.weight, starts)  # (n, D)
        means = sums / is_read.sum(dim=1, keepdim=True).clamp(min=1)
        if chunk.kept_features is not None:
            means = means * chunk.kept_features
        with torch.autocast(means.device.type, enabled=False):
            vectors: Tensor = self.dense(means.to(torch.promote_types(means.dtype, torch.float32)))
        return vectors[:, : self.truncate_dim]

    def contents(self) -> "StaticContents":
        """Return what is written of the encoder when it is saved."""
        return StaticContents(self.backbone.words.weight, self._rules, super().contents().settings)


class _RowSums(torch.autograd.Function):
    """Sums of rows of a table, whose gradient is of the rows that were read, each of them once.

    Torch's own sparse gradient has a row for each token. Here the rows of a token are added up before, by the function
    that adds up in the forward pass: 4 ms in the place of 19, for 14,000 tokens of 256 numbers and 30,522 rows.
    """

    @staticmethod
    def forward(ctx: Any, ids: Tensor, table: Tensor, starts: Tensor) -> Tensor:
        """Add up the rows of the ids, (N,), from each start, (n,), to the next: (n, D)."""
        ctx.save_for_backward(ids, starts)
        ctx.shape = table.shape
        return F.embedding_bag(ids, table, starts, mode="sum")

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None]:
        """Return the gradient of the table, sparse."""
        ids, starts = ctx.saved_tensors
        lengths = torch.diff(starts, append=starts.new_tensor([len(ids)]))
        rows, counts = torch.unique(ids, return_counts=True)  # (U,)
        of_text = torch.repeat_interleave(torch.arange(len(starts)), lengths)[ids.argsort(stable=True)]  # (N,)
        sums = gradient.new_zeros(0, gradient.shape[1])
        if len(ids):
            sums = F.embedding_bag(of_text, gradient, counts.cumsum(dim=0) - counts, mode="sum")  # (U, D)
        return (
            None,
            torch.sparse_coo_tensor(rows[None], sums, ctx.shape, is_coalesced=True, check_invariants=False),
            None,
        )


@dataclass(frozen=True, slots=True)
class StaticContents:
    """What is written of token embeddings."""

    table: Tensor  # (V, D)
    rules: str  # the tokenizer as its file had it, JSON
    settings: FolderSettings

    @property
    def kinds(self) -> list[str]:
        """The modules of sentence-transformers that do the same, in the order in which they run."""
        return [STATIC, *kinds_after(self.settings)]

    def prompted(self, prompts: Prompts) -> Self:
        """Return the same under other prompts."""
        return replace(self, settings=replace(self.settings, prompts=prompts))

    def write(self, folders: Sequence[Path]) -> None:
        """Write the modules, each into a folder of its own, which is made where it is missing."""
        make_folders(folders)
        own, *after = folders
        save_file({_TABLES[0]: self.table.detach().float().cpu().contiguous()}, own / _WEIGHTS[0])
        (own / _TOKENIZER[0]).write_text(_cutting(self.rules, self.settings.max_length), encoding="utf-8")
        write_after(self.settings, after)


def _cutting(rules: str, max_length: int | None) -> str:
    """Return a tokenizer's file that cuts texts at a length; None: none is cut."""
    cut = {"direction": "Right", "max_length": max_length, "strategy": "LongestFirst", "stride": 0}
    return json.dumps(json.loads(rules) | {"truncation": None if max_length is None else cut}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Rules:
    """A tokenizer: as its file has it, and as textcl uses it."""

    text: str
    tokenizer: PreTrainedTokenizerFast
    pieces: dict[int, list[int]]  # of each new word


def open_static(tower: Tower, words: Sequence[str] = ()) -> StaticEncoder:
    """Open token embeddings as an encoder, which can be trained.

    Args:
        tower: Where they lie, and what is said of them.
        words: That get a token each, unless they have one; its row starts as the mean of those of its pieces.

    Raises:
        ModelError: It cannot be read, or its modules would give other vectors.
        ValueError: A word that the tokenizer does not find.
    """
    weights, file = (_file(tower.folder, names) for names in (_WEIGHTS, _TOKENIZER))
    table = _table(weights)
    width = tower.settings.width
    if width is not None and width.numbers != table.shape[1]:
        raise ModelError(
            f"{width.file}: it takes vectors of {width.numbers} numbers, but {weights} has {table.shape[1]}."
        )
    rules = _read_rules(file, len(table), words)
    if rules.pieces:
        table = _with_rows(table, rules.pieces)
    backbone = TokenTable(table, int(rules.tokenizer.pad_token_id))
    return StaticEncoder(backbone, rules.tokenizer, rules.text, tower.settings)


def _with_rows(table: Tensor, pieces: Mapping[int, Sequence[int]]) -> Tensor:
    """Return a table, (V, D), with rows for new tokens."""
    from textcl.encoder.vocabulary import start_rows

    missing = max(0, max(pieces) + 1 - len(table))
    longer = torch.cat([table, table.new_zeros(missing, table.shape[1])])
    start_rows(longer, pieces)
    return longer


def build_static(
    tower: Tower,
    others: Mapping[str, object],
    *,
    prompts: Mapping[str, str] | None,
    max_length: int | Mapping[Role, int] | None,
    dropout: float | None,
    random_init: bool,
    new_words: str | None,
) -> StaticEncoder:
    """Open token embeddings for a recipe.

    Args:
        tower: Where they lie, and what is said of them.
        others: Settings that only a backbone has, by name; None, and what a table does anyway, may stand there.
        prompts: Texts put before the texts of a role; None: the folder's.
        max_length: Tokens kept of a text, or of the texts of the tower's roles; None: as the folder says.
        dropout: The rate of every dropout; None: as the folder says.
        random_init: Draw the table from torch's generator instead of reading it.
        new_words: A file of words, one a line, that get a token each; None: none do.

    Raises:
        ModelError: It cannot be read.
        ValueError: A setting that token embeddings do not have.
    """
    folder, drops = tower.folder, [layer for layer in tower.settings.dense if isinstance(layer, VectorDropout)]
    asked = {**others, "dropout": None if drops else dropout}
    asked = {name: value for name, value in asked.items() if value is not None and (name, value) not in _GIVEN}
    for name, value in asked.items():
        said = str(value).lower() if isinstance(value, bool) else "given" if name == "adapter" else value
        raise ValueError(f"{name} is {said}; {folder} holds token embeddings, which have none. Set it to null.")
    if isinstance(max_length, Mapping) and len(set(max_length.values())) > 1:
        raise ValueError(f"max_length is by role; {folder} holds token embeddings, which cut all texts alike.")
    encoder = open_static(tower, _words_of(new_words))
    for layer in drops:
        layer.p = layer.p if dropout is None else dropout
    if prompts is not None:
        encoder.named_prompts = Prompts.of_roles(prompts)
    if max_length is not None:
        encoder.max_length = max(max_length.values()) if isinstance(max_length, Mapping) else max_length
    if random_init:
        torch.nn.init.normal_(encoder.backbone.words.weight)
    return encoder


def _words_of(file: str | None) -> list[str]:
    if file is None:
        return []
    from textcl.encoder.vocabulary import read_words

    return read_words(file)


_GIVEN = (("pooling", "mean"), ("pool_prompt", True), ("is_causal", False), ("append_eos", False), ("dropout", 0.0))


def static_tower(modules: Sequence[Module], folder: Path, file: Path) -> Tower:
    """Read what a model folder says of token embeddings beside their table.

    Args:
        modules: The encoder's, in the order in which they run.
        folder: The model folder, which has the prompts.
        file: Where the modules are listed, for messages.

    Raises:
        ModelError: It cannot be read, or its modules would give other vectors.
    """
    kinds = [module.kind for module in modules]
    if set(kinds[1:]) - set(KINDS):
        known = f"{STATIC}, then any number of {', '.join(KINDS)}"
        raise ModelError(f"{file}: the modules are {', '.join(kinds)}; textcl opens {known}. {WAY_OUT}")
    layers, is_unit = read_layers(modules[1:])
    config = read_model_settings(folder, is_normalised=is_unit)
    own = modules[0].folder
    home = own if any((own / name).exists() for name in (*_WEIGHTS, *_TOKENIZER)) else folder  # as model2vec has it
    rules = Settings.read(_file(home, _TOKENIZER))
    cut = Settings(rules.file, rules.content.get("truncation") or {})
    settings = FolderSettings(
        prompts=config.prompts,
        max_length=cut.count("max_length"),
        dense=tuple(layer for _, layer in layers),
        truncate_dim=config.truncate_dim,
        beside=config.beside,
        width=check_chain(None, layers),
    )
    return Tower(home, settings, is_static=True)


def _file(folder: Path, names: Sequence[str]) -> Path:
    """Return a file of the module."""
    locations = [folder / name for name in names]
    found = next((location for location in locations if location.exists()), None)
    if found is None:
        raise ModelError(f"{locations[0]} is missing; copy the model again, or export it again.")
    return found


def _table(file: Path) -> Tensor:
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
    return vectors.contiguous()


def _tensors(file: Path) -> dict[str, Tensor]:
    if file.suffix == ".safetensors":
        return load_file(file)
    return dict(torch.load(file, map_location="cpu", weights_only=True))


def _read_rules(file: Path, size: int, words: Sequence[str]) -> _Rules:
    """Read the tokenizer; it adds no special tokens, and has one for texts without tokens behind its own."""
    Settings.read(file)
    with reading(file):
        rules = Tokenizer.from_file(str(file))
        largest = max(rules.get_vocab().values(), default=-1) + 1
        if largest > size:
            raise ModelError(f"{file}: it has {largest} tokens, but there are vectors for {size}.")
        rules.no_padding()
        rules.no_truncation()
    pieces = _learn(rules, words) if words else {}
    with reading(file):
        text = rules.to_str()
        rules.post_processor = None
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=rules, pad_token=_NOTHING)  # type: ignore[no-untyped-call]  # transformers says no types of it
    return _Rules(text, tokenizer, pieces)


def _learn(rules: Tokenizer, words: Sequence[str]) -> dict[int, list[int]]:
    """Let a tokenizer learn words, and return the number of each new token with those of its pieces."""
    from textcl.encoder.vocabulary import new_tokens

    def cut(texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in rules.encode_batch(list(texts), add_special_tokens=False)]

    unknown = getattr(rules.model, "unk_token", None)
    return new_tokens(words, cut, rules.add_tokens, None if unknown is None else rules.token_to_id(unknown))
