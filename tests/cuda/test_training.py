"""Training on a GPU is training on a CPU, only faster; skips where there is none."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.contracts.objectives import Case, every_batch, target_of
from tests.tiny import SENTENCES, tiny_encoder
from tests.toy import ToyEncoder, flat_gradient, toy_batch
from textcl.distributed import Ranks
from textcl.encoder.opening import use_fast_parts
from textcl.objectives.byol import BYOL
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.moco import MoCo
from textcl.objectives.swav import SwAV
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.training.loop import Loop, OnStep, TrainingSettings
from textcl.training.step import Step
from textcl.types.batches import IntArray, PairBatch, View
from textcl.types.protocols import StepLog
from textcl.types.text import Role
from textcl.util.precision import Precision
from textcl.util.seeds import seeded

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
CUDA = torch.device("cuda", 0)
KEPT, REPLAYED = Memory(chunk_tokens=24, live_tokens=10**9), Memory(chunk_tokens=24, live_tokens=0)


def toy_step(case: Case, device: torch.device, dropout: float = 0.0, memory: Memory = KEPT) -> Step:
    with seeded(2):
        objective = case.make().double().to(device)
    encoder, ranks = ToyEncoder(dropout).to(device), Ranks(device=device)
    return Step(encoder, objective, target_of(objective, encoder, ranks, memory), ranks, seed=3, memory=memory)


def gradient(step: Step, roles: tuple[Role, ...]) -> torch.Tensor:
    """Of encoder and objective in the second of two steps, when queues and averages have moved."""
    for number in (5, 6):
        step.encoder.zero_grad()
        step.objective.zero_grad()
        result = step.backward(toy_batch(12, roles, seed=number), number)
        found = flat_gradient([step.encoder, step.objective])
        step.objective.after_step(result.batch)
    return found.cpu()


@every_batch
def test_every_objective_has_the_gradient_that_it_has_on_a_cpu(case: Case, roles: tuple[Role, ...]) -> None:
    wanted = gradient(toy_step(case, torch.device("cpu")), roles)
    torch.testing.assert_close(gradient(toy_step(case, CUDA), roles), wanted, rtol=1e-8, atol=1e-9)


@every_batch
def test_replayed_chunks_draw_the_dropout_of_their_first_run(case: Case, roles: tuple[Role, ...]) -> None:
    kept = gradient(toy_step(case, CUDA, dropout=0.3), roles)
    replayed = gradient(toy_step(case, CUDA, dropout=0.3, memory=REPLAYED), roles)
    torch.testing.assert_close(replayed, kept, rtol=1e-8, atol=1e-9)
    other = toy_step(case, CUDA, dropout=0.3)
    other.seed += 1
    assert (gradient(other, roles) - kept).norm() > 1e-3 * kept.norm()


def bert_pass(device: torch.device, memory: Memory, precision: Precision, dropout: float) -> tuple[np.ndarray, ...]:
    """Embeddings and the gradient of the word embeddings of a tiny BERT with the fast parts."""
    encoder = tiny_encoder(dropout=dropout).to(device).train()
    use_fast_parts(encoder.backbone)
    chunks = ChunkedPass(encoder, [encoder.tokenize(SENTENCES * 2, "anchor")], memory, precision, device, 1)
    embeddings = chunks.embed()
    assert embeddings is not None
    chunks.backward(torch.linspace(-1, 1, embeddings.numel(), device=device).view_as(embeddings))
    gradient = encoder.backbone.embeddings.word_embeddings.weight.grad
    return tuple(part.float().cpu().numpy() for part in (embeddings, gradient))


def test_a_real_encoder_computes_what_it_computes_on_a_cpu() -> None:
    wanted = bert_pass(torch.device("cpu"), KEPT, Precision.FLOAT32, 0.0)
    for found, right in zip(bert_pass(CUDA, REPLAYED, Precision.FLOAT32, 0.0), wanted, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-4)


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
def test_a_replayed_pass_of_a_real_encoder_equals_one_that_kept_its_graphs(precision: Precision) -> None:
    kept, replayed = bert_pass(CUDA, KEPT, precision, 0.2), bert_pass(CUDA, REPLAYED, precision, 0.2)
    for found, right in zip(replayed, kept, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-6)


class Batches:
    """Tokens of the test sentences, in another order every step."""

    def __init__(self) -> None:
        self.encoder = tiny_encoder()

    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        batch = toy_batch(len(SENTENCES), seed=step)
        texts = np.random.default_rng(step).permutation(SENTENCES).tolist()
        views = tuple(View(v.role, self.encoder.tokenize(texts, v.role), v.identity) for v in batch.views)
        return PairBatch(views, batch.rows)

    def rows(self, step: int) -> IntArray:
        return np.arange(len(SENTENCES), dtype=np.int64)

    def location(self, row: int) -> str:
        return f"row {row}"


OBJECTIVES = {"InfoNCE": InfoNCE, "MoCo": lambda: MoCo(16), "BYOL": lambda: BYOL(16), "SwAV": lambda: SwAV(16)}


def bert_loop(folder: Path, name: str, *on_step: OnStep) -> Loop:
    folder.mkdir(exist_ok=True)
    with seeded(1):
        encoder, objective, ranks = tiny_encoder(dropout=0.1), OBJECTIVES[name](), Ranks(device=CUDA)
    use_fast_parts(encoder.backbone)
    encoder, objective = encoder.to(CUDA), objective.to(CUDA)
    target = target_of(objective, encoder, ranks, KEPT)
    step = Step(encoder, objective, target, ranks, seed=1, memory=KEPT, precision=Precision.BF16)
    return Loop(step, Batches(), TrainingSettings(steps=8, learning_rate=1e-3, save_every=3), folder, [*on_step])


def stop_after_five(entry: StepLog) -> None:
    if entry.step == 5:
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_run_in_bf16_goes_on_as_if_it_had_not_stopped(name: str, tmp_path: Path) -> None:
    whole = bert_loop(tmp_path / "whole", name)
    whole.run()
    with pytest.raises(KeyboardInterrupt):
        bert_loop(tmp_path / "broken", name, stop_after_five).run()
    resumed = bert_loop(tmp_path / "broken", name)
    assert resumed.resume() == 3
    resumed.run(3)
    for part in ("encoder", "objective", "target"):
        own, other = (getattr(run.step, part).state_dict() for run in (whole, resumed))
        torch.testing.assert_close(dict(other), dict(own), rtol=1e-4, atol=1e-5)
