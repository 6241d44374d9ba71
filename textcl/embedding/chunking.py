"""Long documents as passages: cut by an encoder's own tokens, and embedded alone or with what stands around them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F

from textcl.encoder.encoder import Encoder
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.errors import SearchError
from textcl.text.passages import passages
from textcl.types.batches import FloatArray, IntArray
from textcl.types.text import Document, Role
from textcl.util.packing import chunks_of, cuts_for, pad

Span = tuple[int, int]  # start and stop, in characters


@dataclass(frozen=True, slots=True)
class Chunking:
    """How documents are cut into passages.

    Args:
        size: The most tokens of a passage, special tokens and prompt aside.
        overlap: The most tokens that a passage repeats of the one before; at most half of `size`.
        repeat_title: Whether a document's title stands before each of its passages.
        late: Whether a passage is embedded as a part of its document: one pass over the whole, pooled passage by
            passage (late chunking).

    Raises:
        SearchError: The numbers do not fit each other, or a title cannot be repeated.

    Source:
        Günther et al. 2024, Late Chunking: Contextual Chunk Embeddings Using Long-Context Embedding Models.
        arXiv:2409.04701
    """

    size: int
    overlap: int = 0
    repeat_title: bool = False
    late: bool = False

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.overlap <= self.size // 2:
            raise SearchError(
                f"chunk: found {self.size} tokens with an overlap of {self.overlap}; give at least 1 token, and "
                "at most half of them as overlap."
            )
        if self.late and self.repeat_title:
            raise SearchError("late chunking reads the whole document, with its title; leave the repeated title out.")

    def __str__(self) -> str:
        more = (", title repeated" if self.repeat_title else "") + (", late" if self.late else "")
        return f"{self.size} tokens, overlap {self.overlap}{more}"


class Chunker:
    """Cuts documents with the tokenizer of an encoder.

    Args:
        encoder: Embeds the passages.
        chunking: How they are cut.

    Raises:
        SearchError: The encoder does not read so many tokens, its tokenizer does not say where tokens stand, or it
            does not pool the mean of tokens, for late chunking.
    """

    def __init__(self, encoder: TextEncoder, chunking: Chunking) -> None:
        tower = encoder.documents if isinstance(encoder, TwoTower) else encoder
        if not isinstance(tower, Encoder) or not tower.tokenizer.is_fast:
            raise SearchError(
                "chunk: the model's tokenizer does not say which characters its tokens are; leave it out."
            )
        if chunking.late and tower.pooling != "mean":
            raise SearchError(f"late chunking takes means of tokens, and the model pools by {tower.pooling}.")
        self._encoder, self.chunking = tower, chunking
        self._prompt = tower.prompt_for(Role.POSITIVE).text
        length = tower.length_for(Role.POSITIVE)
        self._room = None if length is None else length - len(tower.tokenize([""], Role.POSITIVE).ids[0])
        if self._room is not None and chunking.size > self._room:
            raise SearchError(
                f"chunk: found {chunking.size} tokens, but the model reads {length} of a text, special tokens and "
                f"prompt included; give at most {self._room}."
            )

    def cut(self, documents: Sequence[Document]) -> list[list[tuple[int, int, int]]]:
        """Return the passages of each document: start, stop, and where the title stops that is put before it."""
        size, overlap = self.chunking.size, self.chunking.overlap
        found = []
        for document, tokens in zip(documents, self._tokens([each.text for each in documents]), strict=True):
            title = document.title if self.chunking.repeat_title else 0
            taken = sum(start < title for start, _ in tokens)
            left = max(size - taken, (size + 1) // 2)  # a long title does not crowd its passages out
            spans = passages(document.text, tokens, size if len(tokens) <= size else left, min(overlap, left // 2))
            found.append([(start, stop, title) for start, stop in spans])
        return found

    def _tokens(self, texts: Sequence[str]) -> list[list[Span]]:
        """Return the characters of each token of some texts, special tokens aside."""
        if not texts:
            return []
        encoded = self._encoder.tokenizer(
            list(texts),
            add_special_tokens=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
            verbose=False,
        )
        return [[span for span in spans if span[0] < span[1]] for spans in encoded["offset_mapping"]]

    def encode_late(
        self, parts: Sequence[tuple[int, str, Span]], progress: Callable[[int], None] = lambda count: None
    ) -> FloatArray:
        """Embed passages as parts of their documents.

        Args:
            parts: N passages, those of a document together and in order: its number, its whole text, and the passage.
                Where a document is longer than the encoder reads, its passages share as few passes as they fit into.
            progress: Called with the number of passages just finished.

        Returns:
            Vectors of unit length, (N, D) float32.
        """
        windows = list(self._windows(parts))
        texts = [text for text, _ in windows]
        tokens = self._encoder.tokenize(texts, Role.POSITIVE)
        self._encoder.lost.count(tokens, self._encoder.tokenizer.unk_token_id)
        ends = np.cumsum([len(spans) for _, spans in windows])
        vectors = np.empty((len(parts), self._encoder.dimension), dtype=np.float32)
        cuts, device = cuts_for(self._encoder.device), self._encoder.device
        with self._encoder.encoding():
            for rows in chunks_of(tokens, cuts.chunk_tokens, cuts):
                chunk = pad(tokens, rows, device)
                states = self._encoder.token_states(chunk)
                for inside, row in enumerate(rows.tolist()):
                    spans = windows[row][1]
                    pooled = torch.from_numpy(self._masks(texts[row], spans, chunk.ids.shape[1])).to(device)
                    one = torch.full((len(spans),), inside, device=device)
                    alone = type(chunk)(chunk.ids[one], chunk.mask[one], pooled, chunk.tower)
                    own = F.normalize(self._encoder.pooled(states[one], alone), dim=-1)
                    vectors[ends[row] - len(spans) : ends[row]] = own.float().cpu().numpy()
                    progress(len(spans))
        self._encoder.refuse_infinite(vectors, [text[slice(*span)] for _, text, span in parts])
        return vectors

    def _windows(self, parts: Sequence[tuple[int, str, Span]]) -> Iterator[tuple[str, list[Span]]]:
        """Share passages out among texts that the encoder reads whole; yield these, with the passages in each."""
        for _, group in groupby(parts, key=lambda part: part[0]):
            own = list(group)
            text, spans = own[0][1], [span for _, _, span in own]
            starts = np.array([start for start, _ in self._tokens([text])[0]], dtype=np.int64)
            first = 0
            while first < len(spans):
                last = first + 1
                while last < len(spans) and self._fits(starts, spans[first][0], spans[last][1]):
                    last += 1
                begin, end = spans[first][0], spans[last - 1][1]
                yield text[begin:end], [(start - begin, stop - begin) for start, stop in spans[first:last]]
                first = last

    def _fits(self, starts: IntArray, begin: int, end: int) -> bool:
        return self._room is None or int(np.searchsorted(starts, end) - np.searchsorted(starts, begin)) <= self._room

    def _masks(self, text: str, spans: Sequence[Span], width: int) -> IntArray:
        """Say which tokens of a sequence are of each passage, (n, width); of an empty passage all are."""
        encoded = self._encoder.tokenizer(
            self._prompt + text, return_offsets_mapping=True, truncation=False, verbose=False
        )
        offsets = np.array(encoded["offset_mapping"], dtype=np.int64)[:width] - len(self._prompt)
        masks = np.zeros((len(spans), width), dtype=np.int64)
        for mask, (start, stop) in zip(masks, spans, strict=True):
            inside = (offsets[:, 0] >= start) & (offsets[:, 1] <= stop) & (offsets[:, 0] < offsets[:, 1])
            mask[: len(offsets)] = inside if inside.any() else 1
        return masks
