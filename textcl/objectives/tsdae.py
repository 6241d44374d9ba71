"""TSDAE: write a text again from the vector of a damaged copy of it."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.views import views_of, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role
from textcl.util.seeds import derive, seeded

_LOGITS = 8  # one in so many counts for the size of a block: a decoder is slow where it is given a row at a time


class TSDAE(Objective):
    """Write a text again from the vector of a damaged copy (DenoisingAutoEncoderLoss in sentence-transformers).

    The anchor is a copy from which words were deleted, the positive the text itself. A decoder reads the anchor's
    vector, and nothing else of it, and predicts the positive word by word, each from the vector and the words before.
    So the vector must hold what the text says. The decoder is the encoder's backbone once more: it shares all weights
    with it, and has attention to the vector and a head of its own, which are thrown away after training.

    It takes no negatives, so the size of a batch changes its noise alone. It suits the texts of a domain that nobody
    has paired; deleting 60 % of the words was best. The positive's own vector is not read. The loss should fall below
    the logarithm of the vocabulary soon; one that stays says that the learning rate is too low.

    Args:
        make_decoder: Makes the decoder of the encoder that is trained; recipes fill it in. It takes vectors (n, D) and
            words (n, L), and returns logits of the word behind each, (n, L, vocabulary).

    Raises:
        ValueError: The backbone cannot be a decoder: transformers has none with attention to an encoder for it.

    Source:
        Wang et al. 2021, TSDAE: Using Transformer-based Sequential Denoising Auto-Encoder for Unsupervised Sentence
        Embedding Learning. arXiv:2104.06979

    Example:
        objective:
          use: TSDAE
          # data.views: [{role: anchor, augment: [{use: WordDeletion, rate: 0.6}]}, {role: positive}]
    """

    papers = ("wang2021tsdae",)
    wants_words = True

    def __init__(self, make_decoder: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.decoder = make_decoder()

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor and one positive."""
        want_roles("TSDAE", roles)

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over the words of all rows, a scalar in nats."""
        return self.by_rows(batch).loss(self.parameters())

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with its own words."""
        assert batch.words is not None, "a step gives them to who wants them"
        words, (anchor,) = batch.words, views_of(batch.roles, Role.ANCHOR)
        count = (words[:, 1:] >= 0).sum().clamp_min(1)
        seed = int(torch.randint(2**31, ()))  # of the step: blocks draw their dropout from it

        def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            rows = slice(0, 1) if part.stop == part.start else part  # a decoder cannot read nothing
            vectors = compared[0][rows] if part.stop == part.start else own[0]
            with seeded(derive(seed, "decoder", part.start)):
                logits = self.decoder(vectors, words[rows, :-1].clamp_min(0))  # (b, L - 1, vocabulary)
            lost = F.cross_entropy(logits.transpose(1, 2), words[rows, 1:], ignore_index=-1, reduction="sum")
            return {"loss": lost * (part.stop > part.start) / count}

        return RowLoss(len(words), (batch.views[anchor],), terms, words.shape[1] * self._vocabulary() // _LOGITS)

    def _vocabulary(self) -> int:
        return int(getattr(self.decoder, "vocabulary", 1))
