"""Several layers of the encoder at once, alone and with several widths (2-D Matryoshka)."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import (
    AdaptiveLayerLoss,
    Matryoshka2dLoss,
    MultipleNegativesRankingLoss,
)

from tests.objectives.batches import random_batch
from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.encoder.encoder import Encoder
from textcl.encoder.layered import LayeredEncoder
from textcl.encoder.opening import open_encoder
from textcl.objectives.adaptive_layers import AdaptiveLayers
from textcl.objectives.composed import Sum
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.matryoshka import Matryoshka
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role
from textcl.util.packing import pad

ROLES = (Role.ANCHOR, Role.POSITIVE)
PAIRS = (SENTENCES, tuple(f"the {text} again" for text in SENTENCES))


def embedded(encoder: LayeredEncoder) -> EmbeddedBatch:
    rows = torch.arange(len(SENTENCES)).numpy()
    views = tuple(
        encoder(pad(encoder.encoder.tokenize(texts, role), rows, torch.device("cpu")))
        for texts, role in zip(PAIRS, ROLES, strict=True)
    )
    identity = tuple(torch.arange(len(rows)) + 100 * view for view in range(2))
    return EmbeddedBatch(views, tuple(view.detach() for view in views), ROLES, identity)


def bare(folder: Path) -> SentenceTransformer:
    """The model without what brings its vectors to unit length."""
    model = SentenceTransformer(str(folder), device="cpu")
    del model[2]
    return model


def compared(folder: Path, theirs: torch.nn.Module, objective: Objective, model: SentenceTransformer) -> None:
    """Value, and gradients by every weight of the encoder."""
    theirs.double().eval()
    expected = theirs([model.preprocess(list(texts)) for texts in PAIRS], None)
    encoder: Encoder = open_encoder(folder, device="cpu").double().eval()
    loss = objective(embedded(LayeredEncoder(encoder, objective.layers)))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    loss.backward()
    expected.backward()
    wanted = dict(model.transformers_model.named_parameters())
    for name, parameter in encoder.backbone.named_parameters():
        if wanted[name].grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name].grad, rtol=1e-6, atol=1e-9, msg=name)


@pytest.mark.parametrize("divergence", [0.0, 1.0])
def test_value_and_gradients_equal_sentence_transformers(tiny_model_folder: Path, divergence: float) -> None:
    model = bare(tiny_model_folder)
    inner = MultipleNegativesRankingLoss(model)
    theirs = AdaptiveLayerLoss(model, inner, n_layers_per_step=-1, kl_div_weight=divergence)
    compared(tiny_model_folder, theirs, AdaptiveLayers(InfoNCE(), [0, 1], 16, divergence=divergence), model)


def test_with_several_widths_it_equals_sentence_transformers_in_two_dimensions(tiny_model_folder: Path) -> None:
    model = bare(tiny_model_folder)
    inner = MultipleNegativesRankingLoss(model)
    theirs = Matryoshka2dLoss(model, inner, [16, 4], n_layers_per_step=-1, n_dims_per_step=-1)
    compared(tiny_model_folder, theirs, AdaptiveLayers(Matryoshka(InfoNCE(), [16, 4], 16), [0, 1], 16), model)


def test_it_is_the_objective_at_each_layer_and_the_divergence_from_the_last() -> None:
    batch = random_batch(4, width=9)
    terms = AdaptiveLayers(InfoNCE(), [2, 0], 3, weights=[0.5, 2.0], divergence=0.7, temperature=0.4).terms(batch)

    def of_layer(number: int) -> EmbeddedBatch:
        views = tuple(view[:, 3 * number : 3 * number + 3] for view in batch.views)
        return EmbeddedBatch(views, views, batch.roles, batch.identity)

    losses = [InfoNCE()(of_layer(number)).item() for number in range(3)]
    texts = torch.cat(batch.views).detach()
    last = (texts[:, :3] / 0.4).softmax(dim=1)
    divergences = [
        (last * (last.log() - (texts[:, start : start + 3] / 0.4).log_softmax(dim=1))).sum(dim=1).mean().item()
        for start in (3, 6)
    ]
    expected = {"last layer": losses[0], "layer 2": 0.5 * losses[1], "layer 0": 2 * losses[2]}
    expected["divergence"] = 0.7 * 0.4 * sum(divergences)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, rel=1e-9)


def test_the_last_layer_gets_no_gradient_by_the_divergence() -> None:
    batch = random_batch(4, width=6)
    term = AdaptiveLayers(InfoNCE(), [1], 3).terms(batch)["divergence"]
    gradients = torch.autograd.grad(term, batch.views)
    assert all(gradient[:, :3].abs().max() == 0 < gradient[:, 3:].abs().max() for gradient in gradients)


def test_the_monitor_reads_the_last_layer() -> None:
    batch = random_batch(4, width=6)
    shown = AdaptiveLayers(InfoNCE(), [1], 3).shown(batch)
    assert [view.shape for view in shown.views] == [(4, 3), (4, 3)]
    assert torch.equal(shown.views[0], batch.views[0][:, :3])


def test_the_encoder_gives_the_vectors_of_an_encoder_that_is_cut_there() -> None:
    encoder, cut = tiny_encoder().eval(), tiny_encoder().eval()
    cut.backbone.encoder.layer = cut.backbone.encoder.layer[:1]
    tokens = encoder.tokenize(SENTENCES, Role.ANCHOR)
    chunk = pad(tokens, torch.arange(len(SENTENCES)).numpy(), torch.device("cpu"))
    wide = LayeredEncoder(encoder, [1])(chunk)
    torch.testing.assert_close(wide[:, :16], encoder(chunk))
    torch.testing.assert_close(wide[:, 16:], cut(chunk))
    assert F.cosine_similarity(wide[:, :16], wide[:, 16:]).max() < 0.999


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": []}, r"layers: found \[\]"),
        ({"layers": [1, 1]}, r"layers: found \[1, 1\]"),
        ({"layers": [-1]}, r"layers: found \[-1\]"),
        ({"layers": [1], "weights": [1.0, 2.0]}, r"weights: found \[1\.0, 2\.0\]"),
        ({"layers": [1], "divergence": -1.0}, r"divergence: found -1\.0"),
        ({"layers": [1], "temperature": 0.0}, r"temperature: found 0\.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AdaptiveLayers(InfoNCE(), dimension=4, **settings)


def test_it_stands_around_other_objectives() -> None:
    inner = AdaptiveLayers(InfoNCE(), [1], 4)
    with pytest.raises(ValueError, match=r"found AdaptiveLayers inside another objective.*put it around them"):
        Sum([InfoNCE(), inner])
    with pytest.raises(ValueError, match=r"found AdaptiveLayers inside another objective"):
        Matryoshka(inner, [4], 4)
    with pytest.raises(ValueError, match=r"objective: found one that reads layers itself"):
        AdaptiveLayers(inner, [1], 4)


def test_layers_that_the_encoder_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match=r"layers: found 2, but the encoder has 2 layers, of which the last is read"):
        LayeredEncoder(tiny_encoder(), [0, 2])
    with pytest.raises(ValueError, match=r"layers: found an encoder of two towers"):
        LayeredEncoder(tiny_towers(), [1])
