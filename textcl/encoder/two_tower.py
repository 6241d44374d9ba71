"""Two encoders side by side: one for queries, one for documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from textcl.encoder.encoder import Encoder
from textcl.encoder.lost_texts import LostTexts
from textcl.encoder.prompts import Prompt, Prompts, as_use
from textcl.encoder.router import save_towers
from textcl.encoder.saving import Contents
from textcl.types.batches import Chunk, FloatArray, Tokens
from textcl.types.text import Role, Use, tower_role

ROLES_OF_TOWERS = ((Role.ANCHOR,), (Role.POSITIVE, Role.NEGATIVE))
_TOWERS = {role: number for number, roles in enumerate(ROLES_OF_TOWERS) for role in roles}


class TwoTower(nn.Module):
    """Embeds anchors with one tower, positives and negatives with another, into one space.

    The towers share no weights, and may differ in backbone, tokenizer, depth and pooling. Where one encoder with a
    prompt for each role will do, that is half the weights; two towers are for two kinds of text, such as two languages,
    or a small encoder for queries beside a large one for documents.

    >>> import textcl
    >>> towers = textcl.TwoTower(queries=textcl.load("model"), documents=textcl.load("model"))
    >>> questions = towers.encode(["who sleeps?"], role=textcl.Role.ANCHOR)
    >>> answers = towers.encode(["a cat sleeps", "the train leaves"], role=textcl.Role.POSITIVE)
    >>> (questions @ answers.T).shape
    (1, 2)

    Args:
        queries: Embeds the anchors, under its own anchors' prompt.
        documents: Embeds positives and negatives, under its own prompts for them.
        default: Whose tower embeds texts that have no role: anchor or positive.

    Raises:
        ValueError: The vectors of the two are not of one width.

    Source:
        Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision. arXiv:2103.00020
    """

    def __init__(self, queries: Encoder, documents: Encoder, default: Role = Role.ANCHOR) -> None:
        super().__init__()
        if queries.dimension != documents.dimension:
            raise ValueError(
                f"The towers' vectors must be of one width, to be compared; those of the queries have "
                f"{queries.dimension} channels, those of the documents {documents.dimension}."
            )
        self.queries, self.documents, self.default = queries, documents, default

    @property
    def dimension(self) -> int:
        """The width of the vectors, D."""
        return self.queries.dimension

    @property
    def dropout(self) -> float:
        """The largest dropout rate in the towers; 0 means that two passes in training mode are equal."""
        return max(self.queries.dropout, self.documents.dropout)

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.queries.device

    @property
    def prompts(self) -> Mapping[Role, str]:
        """What is put before the texts of each role."""
        return {role: self.tower(role).prompts[role] for role in Role}

    @property
    def lost(self) -> LostTexts:
        """Texts that lost what they say, among those that both towers were given."""
        return self.queries.lost + self.documents.lost

    def tower(self, role: Role | Use | str | None) -> Encoder:
        """Return the encoder that embeds the texts of a role; None: of texts that have none."""
        return self._towers()[self._number(role)]

    def prompt_for(self, use: Role | Use | str | None) -> Prompt:
        """Return the prompt that stands before texts of a use."""
        return self.tower(use).prompt_for(use)

    def forward(self, chunk: Chunk) -> Tensor:
        """Embed a chunk with the tower that it is for: (n, D) float32, each row on its own, not of unit length."""
        vectors: Tensor = self._towers()[chunk.tower](chunk)
        return vectors

    def prompted(self, prompts: Mapping[Role, str]) -> "TwoTower":
        """Return the same towers, weights and all, under other prompts."""
        return TwoTower(self.queries.prompted(prompts), self.documents.prompted(prompts), self.default)

    def tokenize(self, texts: Sequence[str], role: Role | Use | str | None) -> Tokens:
        """Cut texts into the tokens of their role's tower, the prompt of the role before them."""
        return replace(self.tower(role).tokenize(texts, role), tower=self._number(role))

    def tokenize_whole(self, texts: Sequence[str], role: Role | Use | str | None) -> Tokens:
        """Cut texts into tokens as `tokenize` does, but keep every one of them, however long the text."""
        return replace(self.tower(role).tokenize_whole(texts, role), tower=self._number(role))

    def count_lost(self, texts: Sequence[str], role: Role | Use | str | None) -> LostTexts:
        """Count the texts of which the tokenizer of their tower leaves nothing."""
        return self.tower(role).count_lost(texts, role)

    def encode(
        self,
        texts: Sequence[str],
        *,
        role: Role | Use | str | None = None,
        chunk_tokens: int | None = None,
        progress: Callable[[int], None] | None = None,
        deterministic: bool = False,
    ) -> FloatArray:
        """Embed a list of texts of one role with its tower; `Encoder.encode` says what the arguments are.

        Returns:
            Vectors of unit length in the order of the texts, (N, D) float32.
        """
        return self.tower(role).encode(
            texts, role=role, chunk_tokens=chunk_tokens, progress=progress, deterministic=deterministic
        )

    def save(self, folder: str | Path) -> None:
        """Write both towers as one folder that textcl and sentence-transformers open.

        The folder appears whole or not at all; one that stood there before stays until then.

        Raises:
            ModelError: It could not be written.
        """
        queries, documents = (self._contents(tower) for tower in self._towers())
        save_towers(Path(folder), queries, documents, self._number(None))

    def _contents(self, tower: Encoder) -> Contents:
        """Return what is written of a tower, the prompts being those that the roles are embedded under."""
        contents, of_queries = tower.contents(), self.queries.named_prompts
        shared = of_queries == self.documents.named_prompts
        prompts = of_queries if shared else Prompts.of_roles({role.value: text for role, text in self.prompts.items()})
        return contents.prompted(prompts)

    def _towers(self) -> tuple[Encoder, Encoder]:
        return self.queries, self.documents

    def _number(self, role: Role | Use | str | None) -> int:
        """Return the number of the tower that embeds the texts of a role."""
        use = as_use(role)
        return _TOWERS[self.default if use is None else tower_role(use)]
