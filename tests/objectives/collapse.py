"""A toy run in which an objective without negatives can collapse: noisy points, a small encoder, its moving average."""

import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.byol import BYOL
from textcl.training.step import detached
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective
from textcl.types.text import Role
from textcl.util.precision import move_towards
from textcl.util.seeds import seeded

ROWS, WIDTH, STEPS = 64, 8, 60


OnStep = Callable[[int, EmbeddedBatch], None]


def trained(
    objective: Objective, seed: int, noise: float, rate: float = 0.1, on_step: OnStep = lambda step, batch: None
) -> Tensor:
    """The embeddings of fixed points after some steps on noisy views of them, (B, D)."""
    with seeded(seed):
        points = torch.randn(ROWS, WIDTH)
        encoder = nn.Sequential(nn.Linear(WIDTH, 32), nn.Tanh(), nn.Linear(32, WIDTH))
        average = copy.deepcopy(encoder)
        parameters = [p for p in (*encoder.parameters(), *objective.parameters()) if p.requires_grad]
        optimiser = torch.optim.SGD(parameters, lr=rate, momentum=0.9)
        numbers = (torch.arange(ROWS), torch.arange(ROWS) + ROWS)
        for step in range(STEPS):
            noisy = [points + noise * torch.randn_like(points) for _ in numbers]
            with torch.no_grad():
                targets = tuple((encoder if objective.momentum is None else average)(view) for view in noisy)
            views = tuple(encoder(view) for view in noisy)
            batch = EmbeddedBatch(views, targets, (Role.ANCHOR, Role.POSITIVE), numbers)
            optimiser.zero_grad()
            objective(batch).backward()
            optimiser.step()
            move_towards(average.state_dict(), encoder.state_dict(), objective.momentum or 0.0)
            objective.after_step(batch)
            on_step(step, detached(batch))
        return encoder(points).detach()


def spread(embeddings: Tensor) -> float:
    """1 minus the mean cosine of all pairs of rows: 0 when all point one way, about 1 when they point everywhere."""
    return 1 - F.normalize(embeddings, dim=1).mean(dim=0).square().sum().item()


def byol(seed: int, *, predicts: bool, projects: bool) -> BYOL:
    """BYOL at toy size, whole or without its predictor or its projector."""
    with seeded(seed):
        objective = BYOL(WIDTH, hidden=32, projection=WIDTH, momentum=0.9)
    if not predicts:
        objective.predictor = nn.Identity()
    if not projects:
        objective.projector, objective.target_projector = nn.Identity(), nn.Identity()
    return objective
