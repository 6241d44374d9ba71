"""What every objective promises, in float64 where equality is meant."""

import copy
import io
from collections.abc import Callable

import pytest
import torch

import textcl.objectives
from tests.contracts.objectives import CASES
from tests.toy import ToyEncoder, flat_gradient, toy_batch
from textcl.seeds import seeded
from textcl.training import Memory, OnlineTarget, Ranks, Step
from textcl.training.chunked import ChunkedPass
from textcl.types import EmbeddedBatch, Objective, Role

EVERYTHING = 10**9
MakeObjective = Callable[[], Objective]
every_objective = pytest.mark.parametrize("make", CASES.values(), ids=CASES.keys())
with_negatives = pytest.mark.parametrize("negatives", [0, 2])


def gradient(make: MakeObjective, encoder: ToyEncoder, memory: Memory, negatives: int = 0) -> torch.Tensor:
    objective = make()
    step = Step(encoder, objective, OnlineTarget(), Ranks(), seed=3, memory=memory)
    encoder.zero_grad()
    step.backward(toy_batch(12, negatives), number=5)
    return flat_gradient([encoder, objective])


def embedded(rows: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> EmbeddedBatch:
    generator = torch.Generator().manual_seed(1)
    views = tuple((torch.randn(rows, 6, generator=generator) * scale).to(dtype).float() for _ in range(2))
    identity = (torch.arange(rows), torch.arange(rows) + rows)
    return EmbeddedBatch(views, views, (Role.ANCHOR, Role.POSITIVE), identity)


def test_every_objective_is_under_contract() -> None:
    assert {name.split()[0] for name in CASES} == set(textcl.objectives.__all__)


@every_objective
@with_negatives
def test_chunked_gradient_equals_that_of_the_whole_batch(make: MakeObjective, negatives: int) -> None:
    whole = gradient(make, ToyEncoder(), Memory(EVERYTHING, EVERYTHING), negatives)
    chunked = gradient(make, ToyEncoder(), Memory(chunk_tokens=16, live_tokens=40), negatives)
    torch.testing.assert_close(chunked, whole, rtol=0, atol=1e-12)
    assert whole.abs().max() > 1e-3


@every_objective
def test_control_a_norm_over_the_batch_in_the_encoder_breaks_chunking(make: MakeObjective) -> None:
    whole = gradient(make, ToyEncoder(mixes_rows=True), Memory(EVERYTHING, EVERYTHING))
    chunked = gradient(make, ToyEncoder(mixes_rows=True), Memory(chunk_tokens=48, live_tokens=EVERYTHING))
    assert (chunked - whole).norm() > 0.05 * whole.norm()


@every_objective
@with_negatives
def test_replayed_chunks_give_the_gradient_of_kept_graphs_with_dropout_on(make: MakeObjective, negatives: int) -> None:
    kept = gradient(make, ToyEncoder(dropout=0.3), Memory(16, EVERYTHING), negatives)
    replayed = gradient(make, ToyEncoder(dropout=0.3), Memory(16, 0), negatives)
    torch.testing.assert_close(replayed, kept, rtol=0, atol=1e-12)


@every_objective
def test_control_a_replay_without_its_random_state_gives_another_gradient(
    make: MakeObjective, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = gradient(make, ToyEncoder(dropout=0.3), Memory(16, EVERYTHING))
    backward = ChunkedPass.backward

    def forgetful(self: ChunkedPass, leaves: torch.Tensor) -> None:
        self.seed += 1
        backward(self, leaves)

    monkeypatch.setattr(ChunkedPass, "backward", forgetful)
    replayed = gradient(make, ToyEncoder(dropout=0.3), Memory(16, 0))
    assert (replayed - kept).norm() > 0.05 * kept.norm()


@every_objective
def test_forward_has_no_side_effects(make: MakeObjective) -> None:
    objective, batch = make(), embedded(8)
    before = copy.deepcopy(objective.state_dict())
    views = [view.clone() for view in batch.views]
    with seeded(1):
        first = objective(batch)
    with seeded(1):
        again = objective(batch)
    assert torch.equal(first, again)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
    assert all(torch.equal(view, copied) for view, copied in zip(batch.views, views, strict=True))


@every_objective
def test_state_survives_a_checkpoint(make: MakeObjective) -> None:
    objective, batch = make(), embedded(8)
    for _ in range(3):
        objective.after_step(batch)
    file = io.BytesIO()
    torch.save(objective.state_dict(), file)
    file.seek(0)
    restored = make()
    restored.load_state_dict(torch.load(file, weights_only=True))
    with seeded(1):
        expected = objective(batch)
    with seeded(1):
        assert torch.equal(restored(batch), expected)


@every_objective
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_loss_and_gradient_are_finite(make: MakeObjective, dtype: torch.dtype, scale: float) -> None:
    batch = embedded(8, dtype, scale)
    leaves = tuple(view.clone().requires_grad_() for view in batch.views)
    loss = make()(EmbeddedBatch(leaves, batch.targets, batch.roles, batch.identity))
    loss.backward()
    assert loss.isfinite()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)


@every_objective
def test_equal_and_zero_embeddings_are_finite(make: MakeObjective) -> None:
    batch = embedded(4)
    for value in (0.0, 1.0):
        leaves = tuple(torch.full_like(view, value).requires_grad_() for view in batch.views)
        loss = make()(EmbeddedBatch(leaves, leaves, batch.roles, batch.identity))
        loss.backward()
        assert loss.isfinite()
        assert all(leaf.grad.isfinite().all() for leaf in leaves)


@every_objective
def test_rows_without_any_negative_are_finite(make: MakeObjective) -> None:
    batch = embedded(4)
    leaves = tuple(view.clone().requires_grad_() for view in batch.views)
    same = tuple(torch.zeros_like(identity) for identity in batch.identity)
    loss = make()(EmbeddedBatch(leaves, batch.targets, batch.roles, same))
    loss.backward()
    assert loss.isfinite()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)
