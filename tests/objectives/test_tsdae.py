"""TSDAE, and the decoder that shares the encoder's weights."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import DenoisingAutoEncoderLoss

from tests.objectives.batches import random_batch
from tests.tiny import SENTENCES, tiny_encoder
from tests.toy import WIDTH, ToyDecoder, toy_words
from textcl.encoder.decoder import TiedDecoder
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.objectives.matryoshka import Matryoshka
from textcl.objectives.tsdae import TSDAE
from textcl.training.step import make_optimiser
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role
from textcl.util.packing import pad

DAMAGED = tuple(" ".join(text.split()[::2]) for text in SENTENCES)


def toy_batch(rows: int) -> EmbeddedBatch:
    return replace(random_batch(rows, width=WIDTH), words=toy_words(rows))


def embedded(encoder: Encoder) -> EmbeddedBatch:
    """Damaged sentences as the encoder embeds them, with its graph, and the words of the whole ones."""
    damaged, whole = encoder.tokenize(DAMAGED, Role.ANCHOR), encoder.tokenize(SENTENCES, Role.POSITIVE)
    rows = torch.arange(len(SENTENCES)).numpy()
    words = torch.full((len(rows), max(map(len, whole.ids))), -1)
    for row, ids in enumerate(whole.ids):
        words[row, : len(ids)] = torch.from_numpy(ids)
    vectors = encoder(pad(damaged, rows, torch.device("cpu")))
    identity = (torch.arange(len(rows)), torch.arange(len(rows)) + 100)
    roles = (Role.ANCHOR, Role.POSITIVE)
    return EmbeddedBatch((vectors, vectors.detach()), (vectors.detach(),) * 2, roles, identity, words=words)


def test_it_is_the_mean_cross_entropy_of_the_words_behind_each() -> None:
    objective, batch = TSDAE(ToyDecoder).double(), toy_batch(5)
    losses = []
    for row, vector in zip(batch.words.tolist(), batch.views[0], strict=True):
        known = [word for word in row if word >= 0]
        for before, word in pairwise(known):
            logits = objective.decoder(vector[None], torch.tensor([[before]]))[0, 0]
            losses.append(-logits.log_softmax(dim=0)[word].item())
    assert objective(batch).item() == pytest.approx(sum(losses) / len(losses), rel=1e-12)


def test_value_and_gradients_equal_sentence_transformers(tiny_model_folder: Path) -> None:
    model = SentenceTransformer(str(tiny_model_folder), device="cpu")
    del model[2]  # which brings vectors to unit length
    theirs = DenoisingAutoEncoderLoss(model, tie_encoder_decoder=True).double().eval()
    features = [model.preprocess(list(texts)) for texts in (DAMAGED, SENTENCES)]
    expected = theirs(features, None)
    encoder = open_encoder(tiny_model_folder, device="cpu").double().eval()
    objective = TSDAE(lambda: TiedDecoder(encoder)).double().eval()
    objective.decoder.model.load_state_dict(theirs.decoder.state_dict())
    loss = objective(embedded(encoder))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)  # our vectors are float32's at least, theirs float64
    loss.backward()
    expected.backward()
    wanted = dict(theirs.decoder.named_parameters())
    for name, parameter in objective.decoder.model.named_parameters():
        torch.testing.assert_close(parameter.grad, wanted[name].grad, rtol=1e-6, atol=1e-9, msg=name)


def test_the_decoder_shares_every_weight_that_the_encoder_has() -> None:
    encoder = tiny_encoder()
    decoder = TiedDecoder(encoder)
    own = {id(parameter) for parameter in encoder.parameters()}
    names = [name for name, parameter in decoder.named_parameters() if id(parameter) not in own]
    assert all("crossattention" in name or name.startswith("model.cls") for name in names)
    assert own <= {id(parameter) for parameter in decoder.parameters()}


def test_shared_weights_are_moved_once() -> None:
    encoder = tiny_encoder()
    objective = TSDAE(lambda: TiedDecoder(encoder))
    groups = make_optimiser(encoder.parameters(), objective.parameters(), weight_decay=0.0).param_groups
    moved = [id(parameter) for group in groups for parameter in group["params"]]
    assert len(moved) == len(set(moved))
    assert {id(parameter) for parameter in encoder.parameters()} <= set(moved)


def test_blocks_of_rows_draw_dropout_that_follows_from_the_step() -> None:
    encoder = tiny_encoder(dropout=0.5)
    objective = TSDAE(lambda: TiedDecoder(encoder)).train()
    batch = embedded(encoder.eval())
    batch = replace(batch, views=tuple(view.detach() for view in batch.views))
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        losses.append(objective(batch).item())
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("kind", ["mpnet", "distilbert", "modernbert"])
def test_a_backbone_without_a_decoder_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=r"found the backbone \w+Model, of which transformers has no decoder"):
        TiedDecoder(tiny_encoder(kind=kind))


def test_vectors_that_are_not_as_wide_as_the_backbone_are_refused() -> None:
    with pytest.raises(ValueError, match=r"found vectors of 32 numbers, but a decoder of this backbone reads 16"):
        TiedDecoder(tiny_encoder("cls+mean"))


def test_it_is_not_copied() -> None:
    with pytest.raises(ValueError, match=r"objective: found TSDAE, which writes texts from whole vectors"):
        Matryoshka(TSDAE(ToyDecoder), [4], WIDTH)


def test_an_unread_word_has_no_loss_and_rows_without_words_are_finite() -> None:
    objective = TSDAE(ToyDecoder).double()
    batch = replace(toy_batch(3), words=torch.tensor([[1, -1], [2, -1], [3, -1]]))
    assert objective(batch).item() == 0.0
    F.mse_loss(objective(batch), torch.tensor(0.0, dtype=torch.float64)).backward()
