"""CLIP: find each anchor's positive, and each positive's anchor, at a temperature that is learned."""

from collections.abc import Sequence

from torch import Tensor

from textcl.objectives.directions import Direction, logits_of, pick_own, pool_of
from textcl.objectives.temperature import Temperature
from textcl.objectives.views import unit_views, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class CLIP(Objective):
    """Anchors find positives, positives anchors, at a learned temperature (symmetric InfoNCE; ClipLoss in open_clip).

    The mean of two cross-entropies, one a direction. It suits an encoder with two towers, where neither side should be
    drawn to the other more than the reverse; one tower does as well. Texts that say the same as the row's own are
    masked, as in InfoNCE. Hard negatives are further candidates for the anchors. They belong to no anchor, so in the
    other direction there is nothing for them to find, nor to be found.

    A learned temperature falls while training goes well. Staying near 0.01 it says that the pairs are nearly all told
    apart; rising it says that labels are noisy. A step moves it by a fraction of about the objective's learning rate.

    Args:
        temperature: What the learned temperature starts at, 0.01 or more; it never falls below 0.01. No unit.

    Raises:
        ValueError: The temperature is below 0.01.

    Source:
        Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision, section 2.3 and
        figure 3. arXiv:2103.00020

    Example:
        objective:
          use: CLIP
          temperature: 0.07 # at the start
    """

    papers = ("radford2021clip",)

    def __init__(self, temperature: float = 0.07) -> None:
        super().__init__()
        self.temperature = Temperature(temperature, is_learned=True)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor, one positive and any number of negatives."""
        want_roles("CLIP", roles, negatives=(0, None))

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean over rows and over both directions, a scalar in nats."""
        return self.by_rows(batch).loss(self.parameters())

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows."""
        rows, both = len(batch.views[0]), (Direction.QUERY_TO_DOC, Direction.DOC_TO_QUERY)

        def terms(unit: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            pools = [pool_of(batch, direction, unit, own, part) for direction in both]
            temperature = self.temperature()
            return {"loss": pick_own([pool.logits(temperature) for pool in pools], pools[0].own) / rows}

        return RowLoss(rows, unit_views(batch), terms, logits_of(batch.roles, rows, both))

    def readings(self) -> dict[str, float]:
        """Return the temperature."""
        return self.temperature.readings()

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Keep the temperature in its range."""
        self.temperature.keep_in_range()
