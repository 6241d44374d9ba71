"""What every objective promises, in float64 where equality is meant."""

import copy
import io
from dataclasses import replace

import pytest
import torch

import textcl.objectives
from tests.contracts.objectives import CASES, Case, every_batch, target_of
from tests.ranks.processes import repeating
from tests.toy import WIDTH, ToyEncoder, flat_gradient, toy_batch, toy_scores, toy_words
from textcl.distributed import Ranks
from textcl.objectives.composed import Sum
from textcl.objectives.info_nce import InfoNCE
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.training.step import Step, detached
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss, rows_of
from textcl.types.text import Role
from textcl.util.seeds import seeded

EVERYTHING = 10**9
every_objective = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def made(case: Case) -> Objective:
    """The objective, its random weights the same every time."""
    with seeded(2):
        return case.make()


def gradient(case: Case, encoder: ToyEncoder, memory: Memory, roles: tuple[Role, ...] | None = None) -> torch.Tensor:
    """The gradient of encoder and objective in the second of two steps, when queues and averages have moved."""
    objective = made(case).double()
    step = Step(encoder, objective, target_of(objective, encoder, Ranks(), memory), Ranks(), seed=3, memory=memory)
    roles = roles or case.batches[0]
    for number in (5, 6):
        encoder.zero_grad()
        objective.zero_grad()
        result = step.backward(toy_batch(12, roles, seed=number), number)
        gradient = flat_gradient([encoder, objective])
        objective.after_step(result.batch)
    return gradient


def embedded(case: Case, rows: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> EmbeddedBatch:
    """Random embeddings as the encoder would give them, with scores and labels."""
    generator = torch.Generator().manual_seed(1)
    roles = case.batches[0]
    views = tuple((torch.randn(rows, WIDTH, generator=generator) * scale).to(dtype).float() for _ in roles)
    targets = tuple((torch.randn(rows, WIDTH, generator=generator) * scale).to(dtype).float() for _ in roles)
    numbers = torch.arange(rows)
    identity = tuple(numbers + view * rows for view in range(len(roles)))
    return EmbeddedBatch(
        views,
        targets,
        roles,
        identity,
        scores=torch.from_numpy(toy_scores(rows, roles)),
        labels=numbers // 3,
        words=toy_words(rows),
    )


def with_leaves(batch: EmbeddedBatch) -> EmbeddedBatch:
    """The batch with views that take a gradient."""
    return replace(batch, views=tuple(view.clone().requires_grad_() for view in batch.views))


def assert_finite(objective: Objective, batch: EmbeddedBatch) -> None:
    """Loss and gradient are finite."""
    loss = objective(batch)
    assert loss.isfinite()
    if loss.requires_grad:
        loss.backward()
    assert all(view.grad is None or view.grad.isfinite().all() for view in batch.views)


def test_every_objective_is_under_contract() -> None:
    assert {name.split()[0] for name in CASES} == {*textcl.objectives.__all__, "BySource"}


@every_batch
def test_chunked_gradient_equals_that_of_the_whole_batch(case: Case, roles: tuple[Role, ...]) -> None:
    whole = gradient(case, ToyEncoder(), Memory(EVERYTHING, EVERYTHING), roles)
    chunked = gradient(case, ToyEncoder(), Memory(chunk_tokens=16, live_tokens=40), roles)
    torch.testing.assert_close(chunked, whole, rtol=0, atol=1e-12)
    assert whole.abs().max() > 1e-3


class Whole(Step):
    """A step that computes the loss of all rows at once."""

    def _row_by_row(self, rows: RowLoss, embedded: EmbeddedBatch) -> dict[str, float]:
        terms = rows.whole()
        sum(terms.values()).backward()
        return {name: term.item() for name, term in terms.items()}


def differentiated(kind: type[Step], case: Case, roles: tuple[Role, ...], loss_rows: int | None = None):
    """Terms of the loss, and the gradient of encoder and objective."""
    objective, encoder, memory = made(case).double(), ToyEncoder(), Memory(EVERYTHING, EVERYTHING, loss_rows)
    step = kind(encoder, objective, target_of(objective, encoder, Ranks(), memory), Ranks(), seed=3, memory=memory)
    terms = step.backward(repeating(toy_batch(12, roles, seed=5)), 5).terms
    return terms, flat_gradient([encoder, objective])


@pytest.mark.parametrize("loss_rows", [1, 7, 12, None])
@every_batch
def test_blocks_of_rows_add_up_to_the_loss_and_gradient_of_the_whole(
    case: Case, roles: tuple[Role, ...], loss_rows: int | None
) -> None:
    terms, whole = differentiated(Whole, case, roles)
    in_blocks, gradient = differentiated(Step, case, roles, loss_rows)
    assert in_blocks == pytest.approx(terms, rel=0, abs=1e-12)
    torch.testing.assert_close(gradient, whole, rtol=0, atol=1e-10)


IN_ROWS = (
    "InfoNCE",
    "InfoNCE in all directions",
    "CLIP",
    "SimCLR",
    "MoCo",
    "SupCon",
    "Distillation",
    "Matryoshka",
    "Sum",
)


@pytest.mark.parametrize("name", IN_ROWS)
def test_these_losses_are_sums_over_rows(name: str) -> None:
    case = CASES[name]
    assert made(case).by_rows(embedded(case, 12)) is not None


def test_a_subclass_with_a_loss_of_its_own_is_not_trained_on_the_rows_of_its_parent() -> None:
    class Twice(InfoNCE):
        def forward(self, batch: EmbeddedBatch) -> torch.Tensor:
            return 2 * super().forward(batch)

    class Warm(InfoNCE):
        def readings(self) -> dict[str, float]:
            return {}

    batch = embedded(CASES["InfoNCE"], 12)
    assert rows_of(Twice(), batch) is None
    assert rows_of(Sum([Warm(), Twice()]), batch) is not None
    torch.testing.assert_close(Sum([Warm(), Twice()])(batch), 3 * InfoNCE()(batch))


def test_control_a_block_that_is_counted_twice_is_found() -> None:
    case = CASES["InfoNCE"]
    batch = embedded(case, 12)
    rows = made(case).by_rows(batch)
    halves = [rows.differentiated(*part, ()).terms["loss"] for part in ((0, 7), (6, 12))]
    assert abs(sum(halves) - rows.loss()) > 1e-2


@pytest.mark.parametrize("name", IN_ROWS)
def test_a_loss_that_is_called_has_the_gradient_of_one_with_its_graph(name: str) -> None:
    case, found = CASES[name], []
    for kind in ("blocks", "graph"):
        objective, batch = made(case), with_leaves(embedded(case, 12))
        loss = objective(batch) if kind == "blocks" else sum(objective.by_rows(batch).whole().values())
        (3 * loss).backward()
        gradients = [tensor.grad for tensor in (*batch.views, *objective.parameters())]
        found.append([loss.detach(), *(gradient for gradient in gradients if gradient is not None)])
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)


@every_objective
def test_control_a_norm_over_the_batch_in_the_encoder_breaks_chunking(case: Case) -> None:
    whole = gradient(case, ToyEncoder(mixes_rows=True), Memory(EVERYTHING, EVERYTHING))
    chunked = gradient(case, ToyEncoder(mixes_rows=True), Memory(chunk_tokens=48, live_tokens=EVERYTHING))
    assert (chunked - whole).norm() > 0.05 * whole.norm()


@every_batch
def test_replayed_chunks_give_the_gradient_of_kept_graphs_with_dropout_on(case: Case, roles: tuple[Role, ...]) -> None:
    kept = gradient(case, ToyEncoder(dropout=0.3), Memory(16, EVERYTHING), roles)
    replayed = gradient(case, ToyEncoder(dropout=0.3), Memory(16, 0), roles)
    torch.testing.assert_close(replayed, kept, rtol=0, atol=1e-12)


@every_objective
def test_control_a_replay_without_its_random_state_gives_another_gradient(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = gradient(case, ToyEncoder(dropout=0.3), Memory(16, EVERYTHING))
    backward = ChunkedPass.backward

    def forgetful(self: ChunkedPass, leaves: torch.Tensor) -> None:
        self.seed += 1
        backward(self, leaves)

    monkeypatch.setattr(ChunkedPass, "backward", forgetful)
    replayed = gradient(case, ToyEncoder(dropout=0.3), Memory(16, 0))
    assert (replayed - kept).norm() > 0.05 * kept.norm()


@every_objective
def test_forward_has_no_side_effects(case: Case) -> None:
    objective, batch = made(case), embedded(case, 8)
    objective.after_step(batch)
    before = copy.deepcopy(objective.state_dict())
    views = [view.clone() for view in (*batch.views, *batch.targets)]
    with seeded(1):
        first = objective(batch)
    with seeded(1):
        again = objective(batch)
    assert torch.equal(first, again)
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())
    assert all(torch.equal(*pair) for pair in zip((*batch.views, *batch.targets), views, strict=True))


@every_objective
def test_the_terms_add_up_to_the_loss(case: Case) -> None:
    objective, batch = made(case), embedded(case, 8)
    with seeded(1):
        terms = objective.terms(batch)
    with seeded(1):
        torch.testing.assert_close(sum(terms.values()), objective(batch))


@every_objective
def test_state_survives_a_checkpoint(case: Case) -> None:
    objective, batch = made(case), embedded(case, 8)
    for _ in range(3):
        objective.after_step(batch)
    file = io.BytesIO()
    torch.save(objective.state_dict(), file)
    file.seek(0)
    restored = case.make()
    restored.load_state_dict(torch.load(file, weights_only=True))
    for _ in range(2):
        with seeded(1):
            expected = objective(batch)
        with seeded(1):
            assert torch.equal(restored(batch), expected)
        objective.after_step(batch)
        restored.after_step(batch)


@every_objective
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_loss_and_gradient_are_finite(case: Case, dtype: torch.dtype, scale: float) -> None:
    objective = made(case)
    for _ in range(3):
        batch = with_leaves(embedded(case, 8, dtype, scale))
        assert_finite(objective, batch)
        objective.after_step(detached(batch))


@every_objective
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_equal_and_zero_embeddings_are_finite(case: Case, value: float) -> None:
    batch = embedded(case, 4)
    equal = tuple(torch.full_like(view, value) for view in batch.views)
    assert_finite(made(case), with_leaves(replace(batch, views=equal, targets=equal)))


@every_objective
def test_rows_whose_texts_and_labels_are_all_equal_are_finite(case: Case) -> None:
    batch = embedded(case, 4)
    same = tuple(torch.zeros_like(identity) for identity in batch.identity)
    zero = torch.zeros_like(batch.scores)
    assert_finite(made(case), with_leaves(replace(batch, identity=same, scores=zero, labels=torch.zeros(4).long())))


@every_objective
def test_two_rows_are_enough(case: Case) -> None:
    assert_finite(made(case), with_leaves(embedded(case, 2)))


@every_objective
def test_parameters_in_training_get_a_gradient(case: Case) -> None:
    objective = made(case)
    if any(parameter.requires_grad for parameter in objective.parameters()):
        objective(with_leaves(embedded(case, 8))).backward()
    for name, parameter in objective.named_parameters():
        assert not parameter.requires_grad or parameter.grad is not None, name
