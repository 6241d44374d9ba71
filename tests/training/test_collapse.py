"""The alarm on sabotaged toy runs, and its silence on healthy ones."""

from pathlib import Path

import pytest
import torch

from tests.data.sources import Rows
from tests.objectives.collapse import WIDTH, byol, trained
from tests.tiny import SENTENCES
from textcl.data.batches import Batches
from textcl.data.views import default_views
from textcl.distributed import Ranks
from textcl.encoder.opening import build_encoder
from textcl.errors import TrainingError
from textcl.objectives.barlow_twins import BarlowTwins
from textcl.objectives.batch_hard_triplet import BatchHardTriplet
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.moco import MoCo
from textcl.objectives.sim_clr import SimCLR
from textcl.objectives.sim_siam import SimSiam
from textcl.objectives.sup_con import SupCon
from textcl.objectives.swav import SwAV
from textcl.objectives.vicreg import VICReg
from textcl.training.loop import Loop, TrainingSettings
from textcl.training.monitor import CollapseAlarm, GradientAlarm, readings, readings_of_projections
from textcl.training.step import Step
from textcl.training.target import OnlineTarget
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.protocols import StepLog
from textcl.types.text import Example, Role
from textcl.util.seeds import seeded

HEALTHY = {
    "BYOL": lambda: byol(1, predicts=True, projects=True),
    "BYOL without a projector": lambda: byol(1, predicts=True, projects=False),
    "BarlowTwins": lambda: BarlowTwins(WIDTH, projection=32),
    "InfoNCE": InfoNCE,
    "MoCo": lambda: MoCo(WIDTH, queue_size=128),
    "SimCLR": lambda: SimCLR(WIDTH, projection=8),
    "SimSiam": lambda: SimSiam(WIDTH, projection=32, bottleneck=8),
    "SwAV": lambda: SwAV(WIDTH, hidden=32, projection=8, prototypes=16, frozen_steps=0),
    "VICReg": lambda: VICReg(WIDTH, projection=32),
}


def run(objective: Objective, noise: float, rate: float = 0.1) -> None:
    """Train with the alarm on; it ends the run when it fires."""
    alarm = CollapseAlarm(stops=True)

    def observer(step: int, batch: EmbeddedBatch) -> None:
        read = readings(batch)
        with torch.no_grad():
            projected = objective.projected(batch)
        if projected is not None:
            read |= readings_of_projections(projected, batch)
        alarm(StepLog(step + 1, 60, 0.0, rate, 1.0, 1.0, 1.0, 0.0, 0.0, readings=read))

    trained(objective, seed=1, noise=noise, rate=rate, on_step=observer)


@pytest.mark.parametrize("name", HEALTHY)
def test_it_is_silent_on_a_healthy_run(name: str) -> None:
    with seeded(1):
        objective = HEALTHY[name]()
    run(objective, noise=0.5, rate=0.01)


@pytest.mark.parametrize("projects", [True, False])
def test_it_fires_on_byol_without_its_predictor(projects: bool) -> None:
    with pytest.raises(
        TrainingError, match=r"collapsing: (projected_)?(mean_cosine|effective_rank|identical_share) is"
    ):
        run(byol(1, predicts=False, projects=projects), noise=1.0)


def test_it_fires_on_swav_without_sinkhorn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "textcl.objectives.swav.sinkhorn", lambda scores, epsilon, rounds: (scores / epsilon).softmax(1)
    )
    with seeded(1):
        objective = SwAV(WIDTH, hidden=32, projection=8, prototypes=16, frozen_steps=0)
    with pytest.raises(TrainingError, match="collapsing: projected_"):
        run(objective, noise=0.5)


@pytest.mark.parametrize(("rate", "breaks"), [(3e-5, False), (1e-1, True)])
def test_it_fires_on_infonce_at_a_learning_rate_that_breaks_a_transformer(
    rate: float, breaks: bool, tmp_path: Path, minilm: str
) -> None:
    encoder = build_encoder(minilm, layers=2, max_length=32)
    rows = Rows(*(Example(0, f"{text} {word}") for text in SENTENCES for word in ("now", "red", "song", "old", "six")))
    batches = Batches(rows, default_views(rows[0]), encoder.tokenize, 16, seed=1)
    step = Step(encoder, InfoNCE(), OnlineTarget(), Ranks(), seed=1)
    loop = Loop(step, batches, TrainingSettings(steps=21, learning_rate=rate), tmp_path, [CollapseAlarm(stops=True)])
    if not breaks:
        loop.run()
        return
    with pytest.raises(TrainingError, match="the embeddings are collapsing: "):
        loop.run()


@pytest.mark.parametrize("labels", [2, 4, 20])
@pytest.mark.parametrize("objective", [SupCon(0.1), BatchHardTriplet()])
def test_it_is_silent_where_the_texts_of_a_label_end_in_one_point(objective: Objective, labels: int) -> None:
    alarm = CollapseAlarm(stops=True)
    last = labelled_run(objective, labels, 0.01, alarm)
    assert last["mean_cosine"] < 0.5


def test_it_fires_where_all_labels_end_in_one_point() -> None:
    class Attracting(SupCon):
        """The labels are forgotten: every text is drawn to every other."""

        def forward(self, batch: EmbeddedBatch) -> torch.Tensor:
            unit = torch.nn.functional.normalize(batch.views[0], dim=-1)
            return -(unit @ unit.T).mean()

    with pytest.raises(TrainingError, match="collapsing: mean_cosine is"):
        labelled_run(Attracting(), 4, 0.01, CollapseAlarm(stops=True))


def labelled_run(objective: Objective, labels: int, rate: float, alarm: CollapseAlarm) -> dict[str, float]:
    """Train on labelled points until those of a label stand together, and return the last readings."""
    numbers = torch.arange(64)
    with seeded(1):
        points = torch.randn(labels, 32)[numbers % labels] + torch.randn(64, 32)
        encoder = torch.nn.Linear(32, 32)
    optimiser = torch.optim.Adam(encoder.parameters(), lr=rate)
    for step in range(80):
        views = (encoder(points),)
        batch = EmbeddedBatch(views, views, (Role.ANCHOR,), (numbers,), labels=numbers % labels)
        optimiser.zero_grad()
        objective(batch).backward()
        optimiser.step()
        read = readings(batch)
        alarm(StepLog(step + 1, 80, 0.0, rate, 1.0, 1.0, 1.0, 0.0, 0.0, readings=read))
    return read


@pytest.mark.parametrize(
    ("norms", "count"),
    [
        ([0.0] * 30, 1),
        ([0.0] * 3, 1),
        ([0.0, 1.0, 0.0], 0),
        ([1.0] + [0.0] * 10 + [1.0], 1),
        ([0.0] * 9 + [1.0] * 9, 0),
    ],
)
def test_steps_in_a_row_without_a_gradient_are_told_once(
    norms: list[float], count: int, caplog: pytest.LogCaptureFixture
) -> None:
    alarm = GradientAlarm()
    for step, norm in enumerate(norms, start=1):
        alarm(StepLog(step, len(norms), 0.0, 1e-3, norm, 1.0, 1.0, 0.0, 0.0))
    assert [record.message.count("steps in a row had no gradient") for record in caplog.records] == [1] * count
