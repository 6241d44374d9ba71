"""Triplet: an anchor is nearer to its positive than to its negatives, by a margin."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.distances import Distance, check_margin, distances_by_row
from textcl.objectives.views import views_of, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role


class Triplet(Objective):
    """An anchor is nearer to its positive than to its negatives, by a margin (TripletLoss in sentence-transformers).

    The loss is the distance to the positive less that to the negative plus the margin, where that is above 0. Each
    negative of a row makes a triplet; other rows' texts play no part. A negative that is the same text as the anchor or
    the positive does not count. Triplets that keep the margin teach nothing, so easy negatives stop to help; at a loss
    equal to the margin all embeddings are one.

    Distances are cosine distances, in which models are later searched, and which cannot be made large by long
    vectors. The margin of 0.2 is at the lower end of what is usual there (to 0.5): texts of one topic already lie
    within 0.4 in a pretrained encoder. A margin for Euclidean distances depends on the length of the encoder's vectors:
    Sentence-BERT takes 1, sentence-transformers 5.

    Args:
        margin: By how much a negative is to be further away than the positive, in units of the distance. Above 0.
        distance: `cosine`, or `euclidean` of the vectors as they are.

    Raises:
        ValueError: The margin is not above 0.

    Source:
        Schroff et al. 2015, FaceNet, section 3.1 (squared distances there). arXiv:1503.03832
        Reimers & Gurevych 2019, Sentence-BERT, section 3. arXiv:1908.10084

    Example:
        objective:
          use: Triplet
          margin: 0.2
          distance: cosine
    """

    papers = ("schroff2015facenet",)

    def __init__(self, margin: float = 0.2, distance: Distance = Distance.COSINE) -> None:
        super().__init__()
        check_margin(margin)
        self.margin, self.distance = margin, Distance(distance)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor, one positive and one or more negatives."""
        want_roles("Triplet", roles, negatives=(1, None))

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over triplets, a scalar in units of the distance."""
        (anchor,), (positive,) = (views_of(batch.roles, role) for role in (Role.ANCHOR, Role.POSITIVE))
        negatives = views_of(batch.roles, Role.NEGATIVE)
        near = distances_by_row(batch.views[anchor], batch.views[positive], self.distance)  # (B,)
        far = torch.stack(
            [distances_by_row(batch.views[anchor], batch.views[view], self.distance) for view in negatives]
        )  # (negatives, B)
        texts = torch.stack([batch.identity[view] for view in negatives])
        counts = (texts != batch.identity[anchor]) & (texts != batch.identity[positive])
        losses = F.relu(near - far + self.margin).masked_fill(~counts, 0.0)
        return losses.sum() / counts.sum().clamp(min=1)
