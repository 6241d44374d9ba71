"""A guide that masks false negatives in InfoNCE (GIST)."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer.losses import CachedGISTEmbedLoss, GISTEmbedLoss, gist_embed

from tests.objectives.batches import embedded
from textcl.objectives.composed import Sum
from textcl.objectives.cosent import CoSENT
from textcl.objectives.directions import Direction
from textcl.objectives.info_nce import GuideMargin, InfoNCE
from textcl.types.batches import EmbeddedBatch

QUERY_TO_DOC, QUERY_TO_QUERY, DOC_TO_DOC = Direction.QUERY_TO_DOC, Direction.QUERY_TO_QUERY, Direction.DOC_TO_DOC
MARGINS = [("absolute", 0.0), ("absolute", 0.3), ("relative", 0.0), ("relative", 0.4)]


def bare(kind: type[torch.nn.Module], **settings: object) -> torch.nn.Module:
    """A loss of sentence-transformers without the models that it would ask for."""
    loss = kind.__new__(kind)
    torch.nn.Module.__init__(loss)
    loss.similarity_fct, loss.cross_entropy_loss = torch.nn.CosineSimilarity(dim=-1), torch.nn.CrossEntropyLoss()
    loss.gather_across_devices = False
    for name, value in settings.items():
        setattr(loss, name, value)
    return loss


def theirs(batch: EmbeddedBatch, **settings: object) -> torch.Tensor:
    """sentence-transformers' loss of embeddings."""
    loss = bare(CachedGISTEmbedLoss, show_progress_bar=False, mini_batch_size=3, **settings)
    return loss.calculate_loss([[view] for view in batch.views], [[target] for target in batch.targets])


def leaves(batch: EmbeddedBatch) -> EmbeddedBatch:
    """Rows in which the guide finds the positive near, as guides do, and some others too."""
    anchors = batch.targets[0]
    near = [anchors + 0.9 * batch.targets[1], *batch.targets[2:]]
    return replace(batch, views=tuple(view.clone().requires_grad_() for view in batch.views), targets=(anchors, *near))


@pytest.mark.parametrize(("strategy", "margin"), MARGINS)
@pytest.mark.parametrize(
    ("directions", "negatives"),
    [
        ((QUERY_TO_DOC,), 0),
        ((QUERY_TO_DOC, QUERY_TO_QUERY), 0),
        ((QUERY_TO_DOC, QUERY_TO_QUERY, DOC_TO_DOC), 0),
        ((QUERY_TO_DOC,), 2),
        ((QUERY_TO_DOC, QUERY_TO_QUERY), 2),
    ],
)
def test_value_and_gradients_equal_sentence_transformers(
    strategy: str, margin: float, directions: tuple[Direction, ...], negatives: int
) -> None:
    batch = leaves(embedded(9, negatives))
    expected = theirs(
        batch,
        temperature=0.2,
        margin_strategy=strategy,
        margin=margin,
        contrast_anchors=QUERY_TO_QUERY in directions,
        contrast_positives=DOC_TO_DOC in directions,
    )
    ours = InfoNCE(
        0.2, directions=directions, guide="model", guide_margin=margin, guide_margin_strategy=GuideMargin(strategy)
    )
    loss = ours(batch)
    torch.testing.assert_close(loss, expected, rtol=0, atol=1e-12)
    gradients = [torch.stack(torch.autograd.grad(value, batch.views)) for value in (loss, expected)]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-12)
    unguided = InfoNCE(0.2, directions=directions)(batch)
    assert loss.item() < unguided.item() - 1e-3  # the guide has masked something


def test_it_equals_the_loss_without_cached_gradients_too(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = leaves(embedded(9))
    loss = bare(GISTEmbedLoss, temperature=0.2, margin_strategy="absolute", margin=0.1, must_retokenize=False)
    loss.model, loss.guide, loss.contrast_anchors, loss.contrast_positives = batch.views, batch.targets, True, False
    monkeypatch.setattr(gist_embed, "embed_columns", lambda vectors, _: vectors)
    expected = loss([{}, {}], None)
    ours = InfoNCE(0.2, directions=(QUERY_TO_DOC, QUERY_TO_QUERY), guide="model", guide_margin=0.1)
    torch.testing.assert_close(ours(batch), expected, rtol=0, atol=1e-12)


def test_a_candidate_nearer_than_the_positive_in_the_guides_eyes_is_masked() -> None:
    batch = embedded(3)
    guide = torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]], dtype=torch.float64)
    positives = torch.tensor([[1.0, 0.5, 0], [1.0, 1.0, 0.2], [0, 0.1, 1.0]], dtype=torch.float64)
    guided = replace(batch, targets=(guide, positives))
    cosines = F.normalize(batch.views[0], dim=1) @ F.normalize(batch.views[1], dim=1).T / 0.5
    # of the guide: row 0 has 0.894 and 0.700, 0; row 1 has 0.447 and 0.700, 0.0995; row 2 has 0, 0.140 and 0.995
    masked = cosines.clone()
    expected = F.cross_entropy(masked, torch.arange(3))
    assert InfoNCE(0.5, guide="model")(guided).item() == pytest.approx(expected.item(), abs=1e-12)
    masked[0, 1] = -torch.inf  # within 0.2 below the positive's 0.894
    expected = F.cross_entropy(masked, torch.arange(3))
    assert InfoNCE(0.5, guide="model", guide_margin=0.2)(guided).item() == pytest.approx(expected.item(), abs=1e-12)


def test_only_an_objective_with_a_guide_wants_a_teacher() -> None:
    assert not InfoNCE().wants_teacher
    assert InfoNCE(guide="model").wants_teacher
    assert Sum([CoSENT(), InfoNCE(guide="model")]).wants_teacher


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"guide_margin": 0.1}, r"guide_margin: found 0\.1, but there is no guide"),
        ({"guide": "m", "guide_margin": -0.1}, r"guide_margin: found -0\.1, but it must be 0 or above"),
        ({"guide": "m", "guide_margin": float("nan")}, r"guide_margin: found nan"),
        ({"guide": "m", "guide_margin_strategy": "both"}, r"guide_margin_strategy: found both, but it must be one of"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfoNCE(**settings)
