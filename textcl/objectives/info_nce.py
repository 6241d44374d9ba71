"""InfoNCE: pick each anchor's own positive among all candidates of the batch."""

from collections.abc import Sequence
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.objectives.directions import (
    Direction,
    PartitionMode,
    Pool,
    checked_directions,
    cosines_of,
    logits_of,
    pick_own,
    pool_of,
)
from textcl.objectives.temperature import Temperature
from textcl.objectives.views import pair_of, unit_views, want_roles
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss
from textcl.types.text import Role


class HardnessMode(StrEnum):
    """Which negatives are weighted: those of the other rows, the row's own hard negatives, or both."""

    IN_BATCH_NEGATIVES = "in_batch_negatives"
    HARD_NEGATIVES = "hard_negatives"
    ALL_NEGATIVES = "all_negatives"


class GuideMargin(StrEnum):
    """What a guide's margin is: a difference of cosines, or a fraction of the positive's cosine."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"


def hardness_bonus(cosines: Tensor, own: Tensor, rows: int, mode: HardnessMode, strength: float) -> Tensor:
    """Return what is added to the logits of the weighted negatives, which multiplies their share of the softmax.

    Args:
        cosines: Of some anchors and each candidate, (b, N); the first B candidates are the positives of the rows, each
            following B the hard negatives of the rows.
        own: The rows of the anchors, (b,).
        rows: Of the batch, B.
        mode: Which negatives are weighted; an anchor's own positive never is.
        strength: Multiplies the cosine; no unit, and not divided by the temperature.

    Returns:
        (b, N), without gradient.

    Source:
        Lan et al. 2025, LLaVE: Large Language and Vision Embedding Models with Hardness-Weighted Contrastive Learning,
        eq. 5. arXiv:2503.04812
    """
    is_own = own[:, None] == torch.arange(cosines.shape[1], device=own.device) % rows  # (b, N)
    weighted = {
        HardnessMode.IN_BATCH_NEGATIVES: ~is_own,
        HardnessMode.HARD_NEGATIVES: is_own,
        HardnessMode.ALL_NEGATIVES: torch.ones_like(is_own),
    }[mode]
    weighted[range(len(own)), own] = False
    return strength * cosines.detach() * weighted


class InfoNCE(Objective):
    """Find each anchor's positive in the batch (in-batch negatives; MultipleNegativesRankingLoss; NT-Xent).

    Cross-entropy of finding an anchor's positive among the positives and hard negatives of the whole batch. Where
    sentence-transformers has a setting of the same name, it means the same. The other rows' texts serve as negatives.
    Texts that are equal to the anchor or to its positive are not: they are masked by their identity, so repeated texts
    do no harm. A row without any negative left has no gradient; its loss is 0, or log 2 where a shared softmax holds
    the positive twice.

    Further directions bring further negatives. `query_to_doc` and `doc_to_query` with `partition_mode: per_direction`
    are the symmetric loss; all four in one softmax are GTE's, which counts the positive once in each of the two
    directions that hold it.

    With the two dropout views of one text (SimCSE) a small temperature matters. The loss falls to 0 and teaches nothing
    when the positives are too easy; it stays at log(candidates) when the encoder has collapsed. A small margin in front
    of an encoder that knows nothing yet masks the negatives that would teach it.

    Args:
        temperature: Divides the cosines; below 0.1 the hardest negatives dominate. Positive, no unit.
        learns_temperature: Whether it is a parameter, which starts there and never falls below 0.01.
        directions: Which similarities are read; `query_to_doc` is always among them.
        partition_mode: `joint`: the candidates of all directions stand in one softmax. `per_direction`: each direction
            has a softmax of its own, and the loss is the mean; then only directions that hold the positive can be used.
        hardness_mode: Which negatives of an anchor weigh more, the harder they are: `in_batch_negatives` (those of the
            other rows, their hard negatives included), `hard_negatives` (the row's own) or `all_negatives`. None: none.
        hardness_strength: Multiplies a negative's cosine, which is then added to its logit. 0: no weighting; Lan et al.
            take 9 with `in_batch_negatives`, EmbeddingGemma 5 with `hard_negatives`. No unit.
        margin: A candidate, hard negatives among them, whose cosine is above that of anchor and positive by more than
            this counts as no negative. A difference of cosines; None: every candidate counts.
        guide: A model that masks what it takes for further positives (GIST): candidates that it puts nearer to the
            text that chooses than the row's positive to its anchor. Named as a backbone is; null: none.
        guide_margin: How much below the positive's cosine the guide already masks. 0 or above.
        guide_margin_strategy: `absolute`: the margin is a difference of cosines; `relative`: a fraction of the
            positive's.

    Raises:
        ValueError: A setting is out of its range, or the directions do not fit together.

    Source:
        van den Oord et al. 2018, Representation Learning with Contrastive Predictive Coding, eq. 4. arXiv:1807.03748
        Gao et al. 2021, SimCSE. arXiv:2104.08821
        Li et al. 2023, GTE, section 3.3. arXiv:2308.03281
        Lan et al. 2025, LLaVE, eq. 5. arXiv:2503.04812
        Solatorio 2024, GISTEmbed: Guided In-sample Selection of Training Negatives (the guide). arXiv:2402.16829

    Example:
        objective:
          use: InfoNCE
          temperature: 0.05
          directions: [query_to_doc, doc_to_query]
          partition_mode: per_direction
    """

    papers = ("oord2018cpc",)
    teacher_setting = "guide"

    def __init__(
        self,
        temperature: float = 0.05,
        learns_temperature: bool = False,
        directions: Sequence[Direction] = (Direction.QUERY_TO_DOC,),
        partition_mode: PartitionMode = PartitionMode.JOINT,
        hardness_mode: HardnessMode | None = None,
        hardness_strength: float = 0.0,
        margin: float | None = None,
        guide: str | None = None,
        guide_margin: float = 0.0,
        guide_margin_strategy: GuideMargin = GuideMargin.ABSOLUTE,
    ) -> None:
        super().__init__()
        self.temperature = Temperature(temperature, learns_temperature)
        if partition_mode not in set(PartitionMode):
            raise ValueError(
                f"partition_mode: found {partition_mode}, but it must be one of {', '.join(PartitionMode)}."
            )
        self.partition_mode = PartitionMode(partition_mode)
        self.directions = checked_directions(directions, self.partition_mode)
        _check_hardness(hardness_mode, hardness_strength)
        if margin is not None and not margin >= 0:
            raise ValueError(f"margin: found {margin}, but it must be 0 or above, or null (no mask).")
        self.hardness_mode = HardnessMode(hardness_mode) if hardness_mode and hardness_strength else None
        self.hardness_strength = hardness_strength
        self.margin = margin
        _check_guide(guide, guide_margin, guide_margin_strategy)
        self.wants_teacher = guide is not None
        self.guide_margin = guide_margin
        self.guide_margin_strategy = GuideMargin(guide_margin_strategy)

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse other views than one anchor, one positive and any number of negatives."""
        if self.hardness_mode is HardnessMode.HARD_NEGATIVES:
            want_roles("InfoNCE with hardness_mode: hard_negatives", roles, negatives=(1, None))
        want_roles("InfoNCE", roles, negatives=(0, None))

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the mean loss over rows (and over directions, if each has its own softmax), a scalar in nats."""
        return self.by_rows(batch).loss(self.parameters())

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss:
        """Return the loss as a sum over rows, each with its candidates of the whole batch."""
        rows = len(batch.views[0])
        guides = [F.normalize(target, dim=-1) for target in batch.targets] if self.wants_teacher else []
        farthest = self._farthest(batch.roles, guides)  # (B, 1)

        def terms(unit: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            pools = [pool_of(batch, direction, unit, own, part) for direction in self.directions]
            if guides:
                own_guides = [guide[part] for guide in guides]
                pools = [
                    pool.without(cosines_of(batch.roles, pool.direction, guides, own_guides) > farthest[part])
                    for pool in pools
                ]
            return {"loss": self._sum(pools, rows) / rows}

        logits = logits_of(batch.roles, rows, self.directions)
        return RowLoss(rows, unit_views(batch), terms, 2 * logits if guides else logits)

    def _farthest(self, roles: Sequence[Role], guides: Sequence[Tensor]) -> Tensor:
        """Return the highest cosine with which a guide leaves a candidate to each row as a negative, (B, 1)."""
        if not guides:
            return torch.zeros(0, 1)
        anchor, positive = pair_of(roles)
        cosines = (guides[anchor] * guides[positive]).sum(dim=-1, keepdim=True)
        is_relative = self.guide_margin_strategy is GuideMargin.RELATIVE
        return cosines - (cosines.abs() if is_relative else 1.0) * self.guide_margin

    def _sum(self, pools: list[Pool], rows: int) -> Tensor:
        """Return the sum of the losses of some rows out of `rows` of the batch."""
        temperature, own = self.temperature(), pools[0].own
        positive = pools[0].cosines.gather(1, own[:, None])  # (b, 1) of anchor and positive
        pools = [self._within_margin(pool, positive) for pool in pools]
        logits = [self._weighted(pool, rows, temperature) for pool in pools]
        return pick_own([torch.cat(logits, dim=1)] if self.partition_mode is PartitionMode.JOINT else logits, own)

    def readings(self) -> dict[str, float]:
        """Return the temperature."""
        return self.temperature.readings()

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Keep a learned temperature in its range."""
        self.temperature.keep_in_range()

    def _within_margin(self, pool: Pool, positive: Tensor) -> Pool:
        """Mask the candidates that are closer than the positive by more than the margin."""
        return pool if self.margin is None else pool.without(pool.cosines > positive + self.margin)

    def _weighted(self, pool: Pool, rows: int, temperature: float | Tensor) -> Tensor:
        """Return the logits, (b, N); an anchor's harder negatives weigh more, in the one direction of the source."""
        logits = pool.logits(temperature)
        if self.hardness_mode is None or pool.direction is not Direction.QUERY_TO_DOC:
            return logits
        return logits + hardness_bonus(pool.cosines, pool.own, rows, self.hardness_mode, self.hardness_strength)


def _check_hardness(mode: HardnessMode | None, strength: float) -> None:
    if mode is not None and mode not in set(HardnessMode):
        raise ValueError(f"hardness_mode: found {mode}, but it must be one of {', '.join(HardnessMode)}, or null.")
    if not strength >= 0:
        raise ValueError(f"hardness_strength: found {strength}, but it must be 0 (no weighting) or above.")
    if strength > 0 and mode is None:
        raise ValueError(
            f"hardness_strength: found {strength}, but no negatives to weigh by it. Set hardness_mode to one of "
            f"{', '.join(HardnessMode)}."
        )


def _check_guide(guide: str | None, margin: float, strategy: str) -> None:
    if strategy not in set(GuideMargin):
        raise ValueError(f"guide_margin_strategy: found {strategy}, but it must be one of {', '.join(GuideMargin)}.")
    if not 0 <= margin < torch.inf:
        raise ValueError(f"guide_margin: found {margin}, but it must be 0 or above.")
    if margin and guide is None:
        raise ValueError(f"guide_margin: found {margin}, but there is no guide. Name a model as guide.")
