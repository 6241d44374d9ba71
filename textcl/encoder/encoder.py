"""The encoder: a backbone, a pooling and prompts. It sees one row at a time; nothing in it mixes rows."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from textcl.encoder.adapter import Adapter
from textcl.encoder.backbone import largest_dropout
from textcl.encoder.cpu.linear import packed_weights
from textcl.encoder.dense import Layer, width_after
from textcl.encoder.folder_format import FolderSettings
from textcl.encoder.lost_texts import LostTexts
from textcl.encoder.pooling import LayerMix, check_mix, modes_of, pooling_named
from textcl.encoder.prompts import Prompt, Prompts, as_use
from textcl.encoder.protocols import Backbone
from textcl.encoder.saving import Contents, ModelContents, save_encoder
from textcl.encoder.tokenization import (
    evaluating,
    longest_input,
    reads_padding,
    special_tokens,
    tokenize,
    usual_length,
    word_width,
    words_cut,
)
from textcl.errors import DataError, ModelError
from textcl.types.batches import Chunk, FloatArray, IntArray, Tokens
from textcl.types.text import Role, Use
from textcl.util.packing import chunks_of, cuts_for, one_by_one, pad
from textcl.util.precision import Precision, autocast, resolve


def check_texts(texts: Sequence[str]) -> None:
    """Raise a ValueError that names the first entry which is no string, a DataError where one is no UTF-8."""
    if isinstance(texts, str):
        raise ValueError("encode takes a list of texts, not one text; write [text].")
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"texts[{position}] is {text!r}, a {type(text).__name__}; every entry must be a string.")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise DataError(f"texts[{position}] is {text[:40]!a}: it holds half a character, no UTF-8.") from error


def check_length(max_length: int | None, limit: int | None, special: int) -> None:
    """Raise a ValueError where a maximal length leaves no room for text, or is more than the backbone reads.

    Args:
        max_length: Tokens kept of a text, None for all.
        limit: Tokens that the backbone reads, None for any number.
        special: Special tokens that every text gets.
    """
    if max_length is not None and (max_length <= special or (limit is not None and max_length > limit)):
        most = "" if limit is None else f", and at most {limit}"
        raise ValueError(f"max_length is {max_length}; it must be more than {special} (the special tokens){most}.")


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Let torch's CPU kernels run on one thread for a block: with several, their sums depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


WINDOW = 4096  # texts that are sorted by length together; memory does not grow beyond them


class Encoder(nn.Module):
    """Turns texts into vectors: tokens through a Hugging Face backbone, pooled, each row on its own.

    >>> import textcl
    >>> from transformers import AutoModel, AutoTokenizer
    >>> backbone, tokenizer = AutoModel.from_pretrained("model"), AutoTokenizer.from_pretrained("model")
    >>> encoder = textcl.Encoder(backbone, tokenizer, pooling="cls", prompts={"anchor": "query: "})
    >>> encoder.encode(["a cat sleeps", "the train leaves"], role=textcl.Role.ANCHOR).shape == (2, encoder.dimension)
    True
    >>> encoder.save("my-encoder")

    Args:
        backbone: Gives `last_hidden_state`, (n, L, D).
        tokenizer: The backbone's own.
        pooling: mean, cls, last, max, weighted_mean or mean_sqrt, or several joined, as cls+mean.
        prompts: Texts put before the texts of a role: anchor, positive, negative. Negatives without a prompt of their
            own take that of the positives. Or all prompts of a model by their names.
        pool_prompt: Whether pooling reads the prompt's tokens.
        max_length: Tokens kept of a text, special tokens and prompt included; None: as many as the tokenizer keeps.
        lengths: The same for the texts of a role, where they differ: {Role.ANCHOR: 64}.
        precision: What `encode` multiplies in: float32, bf16 or auto.
        dense: Layers between pooling and the vector, as some models of sentence-transformers have them.
        layer_mix: What takes the mean of the backbone's layers, which are else left out but the last.
        truncate_dim: Numbers of a vector that are kept, the first; None: all.
        beside: Settings of `config_sentence_transformers.json` that change no vector, to be written again.

    Raises:
        ValueError: A name or a number that the backbone or textcl does not know.
    """

    def __init__(
        self,
        backbone: Backbone,
        tokenizer: PreTrainedTokenizerBase,
        *,
        pooling: str = "mean",
        prompts: Mapping[str, str] | Prompts | None = None,
        pool_prompt: bool = True,
        max_length: int | None = None,
        lengths: Mapping[Role, int] | None = None,
        precision: str = "float32",
        dense: Sequence[Layer] = (),
        layer_mix: LayerMix | None = None,
        truncate_dim: int | None = None,
        beside: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__()
        if tokenizer.pad_token_id is None:
            raise ModelError("The tokenizer has no padding token; set tokenizer.pad_token.")
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.dense = nn.Sequential(*dense)
        self._dense = tuple(dense)
        self.pooling = pooling
        self.named_prompts = prompts if isinstance(prompts, Prompts) else Prompts.of_roles(prompts or {})
        self.truncate_dim = truncate_dim
        self.beside = dict(beside or {})
        self.pool_prompt = pool_prompt
        self.max_length = usual_length(backbone, tokenizer) if max_length is None else max_length
        self.lengths = {role: own for role, own in (lengths or {}).items() if own != self.max_length}
        self.precision = Precision(precision)
        self.lost = LostTexts()  # among the texts that `encode` was given
        self.adapter: Adapter | None = None  # of the backbone, where it alone is trained
        self._pool = pooling_named(pooling)
        self.layer_mix = layer_mix
        if layer_mix is not None:
            check_mix(layer_mix, backbone)
        for length in (self.max_length, *self.lengths.values()):
            check_length(length, longest_input(backbone), special_tokens(tokenizer))
        self.one_length = reads_padding(backbone, tokenizer, self.max_length)

    @property
    def dimension(self) -> int:
        """The width of the vectors, D."""
        pooled = len(modes_of(self.pooling)) * int(self.backbone.config.hidden_size)
        width = width_after(self._dense, pooled) if self._dense else pooled
        return width if self.truncate_dim is None else min(width, self.truncate_dim)

    @property
    def prompts(self) -> Mapping[Role, str]:
        """What is put before the texts of each role."""
        return self.named_prompts.roles

    @property
    def dropout(self) -> float:
        """The largest dropout rate in it; 0 means that two passes in training mode are equal."""
        return largest_dropout(self)

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.backbone.device

    def forward(self, chunk: Chunk) -> Tensor:
        """Embed a chunk: (n, D) float32, each row on its own, not of unit length."""
        return self.pooled(self.token_states(chunk), chunk)

    def token_states(self, chunk: Chunk) -> Tensor:
        """Return the vectors of the tokens of a chunk, (n, L, D)."""
        with words_cut(self.backbone, chunk):
            output = self.backbone(input_ids=chunk.ids, attention_mask=chunk.mask)
        hidden: Tensor = output.last_hidden_state
        if self.layer_mix is not None and self.layer_mix.is_read:
            hidden = self.layer_mix(output.hidden_states)
        return hidden

    def pooled(self, hidden: Tensor, chunk: Chunk) -> Tensor:
        """Return the vectors that follow from those of the tokens, (n, L, D) to (n, D)."""
        with torch.autocast(hidden.device.type, enabled=False):
            hidden = hidden.to(torch.promote_types(hidden.dtype, torch.float32))
            vectors: Tensor = self.dense(self._pool(hidden, chunk.mask, chunk.pooled))
        return vectors if self.truncate_dim is None else vectors[:, : self.truncate_dim].contiguous()

    def prompted(self, prompts: Mapping[Role, str]) -> Self:
        """Return the same encoder, weights and all, under other prompts: only its texts are cut otherwise."""
        same = copy.copy(self)
        same.named_prompts = Prompts.of_roles({role.value: prompt for role, prompt in prompts.items()})
        return same

    def prompt_for(self, use: Role | Use | str | None) -> Prompt:
        """Return the prompt that stands before texts of a use; None: before those that have no role."""
        return self.named_prompts.of(as_use(use))

    def length_for(self, use: Role | Use | str | None) -> int | None:
        """Return how many tokens are kept of a text of a use; None: all."""
        use = as_use(use)
        role = use.role if isinstance(use, Use) else use
        return self.max_length if role is None else self.lengths.get(role, self.max_length)

    def tokenize(self, texts: Sequence[str], role: Role | Use | str | None) -> Tokens:
        """Cut texts into tokens, the prompt of their role before them."""
        prompt, features = self._fitting_prompt(role), word_width(self.backbone)
        tokens = tokenize(self.tokenizer, texts, prompt, self.length_for(role), self.pool_prompt, features)
        return replace(tokens, one_length=self.one_length)

    def tokenize_whole(self, texts: Sequence[str], role: Role | Use | str | None) -> Tokens:
        """Cut texts into tokens as `tokenize` does, but keep every one of them, however long the text."""
        return tokenize(self.tokenizer, texts, self._fitting_prompt(role), None, self.pool_prompt)

    def count_lost(self, texts: Sequence[str], role: Role | Use | str | None) -> LostTexts:
        """Count the texts of which the tokenizer leaves nothing."""
        lost = LostTexts()
        lost.count(self.tokenize(texts, role), self.tokenizer.unk_token_id)
        return lost

    def _fitting_prompt(self, role: Role | Use | str | None) -> str:
        """Return the text of a prompt; raise a ModelError where it leaves no token for what follows it."""
        prompt, length = self.prompt_for(role), self.length_for(role)
        if prompt.text and length is not None:
            taken = len(self.tokenizer(prompt.text, verbose=False)["input_ids"])
            if taken >= length:
                raise ModelError(
                    f"The prompt {prompt.text[:60]!r} ({prompt.name}) has {taken} tokens, and a text may have "
                    f"{length} with it (max_length), so nothing of a text would be read. Shorten the prompt."
                )
        return prompt.text

    def encode(
        self,
        texts: Sequence[str],
        *,
        role: Role | Use | str | None = None,
        chunk_tokens: int | None = None,
        progress: Callable[[int], None] | None = None,
        deterministic: bool = False,
    ) -> FloatArray:
        """Embed a list of texts.

        Args:
            texts: N texts.
            role: Chooses the prompt: anchor for queries, positive for documents. None: neither; the model's default
                prompt, or none, as in sentence-transformers.
            chunk_tokens: Padded tokens that go through the backbone at once; None: as many as suit the device.
            progress: Called with the number of texts just finished, again and again.
            deterministic: Make a vector depend on nothing but its text, to the last bit, on one machine: each text goes
                through the backbone alone, on one thread, which takes several times as long. Without it the other texts
                change a vector's last digits, by less than 1e-5 in float32.

        Returns:
            Vectors of unit length in the order of the texts, (N, D) float32.

        Raises:
            ValueError: An entry is not a string.
            ModelError: A vector is not finite.
        """
        role = as_use(role)
        check_texts(texts)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        cuts = cuts_for(self.device)
        with self.encoding(deterministic=deterministic):
            for start in range(0, len(texts), WINDOW):
                tokens = self.tokenize(texts[start : start + WINDOW], role)
                self.lost.count(tokens, self.tokenizer.unk_token_id)
                if deterministic:
                    chunks = one_by_one(len(tokens))
                else:
                    chunks = chunks_of(tokens, chunk_tokens or cuts.chunk_tokens, cuts)
                window = self._encode_window(tokens, chunks, progress).cpu().numpy()
                self.refuse_infinite(window, texts[start : start + WINDOW])
                vectors[start : start + WINDOW] = window
        return vectors

    @contextmanager
    def encoding(self, *, deterministic: bool = False) -> Iterator[None]:
        """Compute as `encode` does in a block: without gradients and dropout, in the encoder's precision."""
        with (
            evaluating(self),
            on_one_thread() if deterministic else nullcontext(),
            torch.inference_mode(),
            autocast(resolve(self.precision, self.device), self.device),
            packed_weights(self.backbone, at_once=deterministic),
        ):
            yield

    def _encode_window(
        self, tokens: Tokens, chunks: Sequence[IntArray], progress: Callable[[int], None] | None
    ) -> Tensor:
        """Embed the sequences of a window chunk by chunk, (n, D) of unit length."""
        vectors = torch.empty(len(tokens), self.dimension, device=self.device)
        for rows in chunks:
            chunk = pad(tokens, rows, self.device)
            vectors[torch.from_numpy(rows).to(self.device)] = F.normalize(self(chunk), dim=-1).float()
            if progress is not None:
                progress(len(rows))
        return vectors

    def refuse_infinite(self, vectors: FloatArray, texts: Sequence[str]) -> None:
        """Raise a ModelError where a vector holds NaN or infinity, (n, D), which would spoil whatever it meets."""
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            folder = getattr(self.backbone.config, "_name_or_path", None)
            precision = resolve(self.precision, self.device)
            raise ModelError(
                f"the model{f' in {folder}' if folder else ''} gives NaN or infinity for "
                f"{len(texts) - int(finite.sum())} of {len(texts)} texts, the first of them "
                f"{texts[int(np.argmin(finite))][:60]!a}, in {precision}. Its weights are damaged or have diverged, or "
                "it wants float32."
            )

    def save(self, folder: str | Path) -> None:
        """Write the encoder as a folder that textcl, sentence-transformers and transformers open.

        The folder appears whole or not at all; one that stood there before stays until then.

        Raises:
            ModelError: It could not be written.
        """
        save_encoder(Path(folder), self.contents())

    def contents(self) -> Contents:
        """Return what is written of the encoder when it is saved."""
        settings = FolderSettings(
            self.pooling,
            self.pool_prompt,
            self.named_prompts,
            self.max_length,
            self.lengths,
            dense=self._dense,
            layer_mix=self.layer_mix,
            truncate_dim=self.truncate_dim,
            beside=self.beside,
        )
        return ModelContents(self.backbone, self.tokenizer, settings, self.adapter)
