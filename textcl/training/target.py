"""What the online embeddings are compared with, where an objective wants a second, gradient-free opinion."""

import copy
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from textcl.distributed import Ranks
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.types.batches import Embed, PairBatch, TokenEncoder
from textcl.types.text import Role
from textcl.util.precision import Precision, check_momentum, move_towards
from textcl.util.seeds import derive


class Target(Protocol):
    """Gives the target embeddings of a batch and follows the encoder after each step."""

    def targets(self, batch: PairBatch, views: tuple[Tensor, ...], number: int) -> tuple[Tensor, ...]:
        """Return the target embeddings of the batch of all ranks, without gradient.

        Args:
            batch: This rank's rows.
            views: The online embeddings of all ranks, V x (B, D).
            number: The step, which the random draws follow from.
        """
        ...

    def update(self) -> None:
        """Follow the encoder, after the optimiser's step."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Return what a checkpoint keeps."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> object:
        """Take up the state of a checkpoint (`Any`: modules take any mapping)."""
        ...


def frozen_names(module: TokenEncoder) -> set[str]:
    """Return the names of the weights that no training changes: they are the base's, and are read with it."""
    named = module.named_parameters(remove_duplicate=False)
    return {name for name, parameter in named if not parameter.requires_grad}


def trained_state(module: TokenEncoder) -> dict[str, Tensor]:
    """Return the state of an encoder without its frozen weights."""
    frozen = frozen_names(module)
    return {name: tensor for name, tensor in module.state_dict().items() if name not in frozen}


def load_trained(module: TokenEncoder, state: dict[str, Tensor]) -> None:
    """Take up the state that `trained_state` returned; frozen weights stay."""
    module.load_state_dict(state, strict=not frozen_names(module))


class OnlineTarget:
    """The online embeddings themselves, detached: the target of every objective that needs no moving average."""

    def targets(self, batch: PairBatch, views: tuple[Tensor, ...], number: int) -> tuple[Tensor, ...]:
        """Return the online embeddings without their gradient, V x (B, D)."""
        return tuple(view.detach() for view in views)

    def update(self) -> None:
        """Do nothing: the online embeddings are always up to date."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Do nothing."""


class EmaTarget:
    """A moving average of the encoder: after each step it moves a share `1 - momentum` of the way to the encoder.

    Parameters and float buffers are averaged, other buffers copied; frozen weights are the encoder's own. It embeds
    with dropout on where the encoder trains with it, under draws of its own. It counts steps of the optimiser, never
    chunks.

    Args:
        encoder: The online encoder; what is trained of it is copied.
        momentum: The share that a step keeps, from 0 (a copy of the encoder after each step) to below 1. Short
            runs on text want 0.85 to 0.995 (MoCoSE), not the 0.996 and more of vision.
        ranks: The processes of the run.
        seed: What the dropout masks follow from.
        memory: How the pass is cut.
        precision: What the encoder multiplies in.

    Raises:
        ValueError: The momentum is not in that range.

    Source:
        He et al. 2020, Momentum Contrast. arXiv:1911.05722
        Cao et al. 2022, Exploring the Impact of Negative Samples of Contrastive Learning (MoCoSE). arXiv:2202.13093
    """

    def __init__(
        self,
        encoder: TokenEncoder,
        momentum: float,
        ranks: Ranks,
        *,
        seed: int,
        memory: Memory | None = None,
        precision: Precision = Precision.FLOAT32,
    ) -> None:
        check_momentum(momentum)
        shared = {id(parameter): parameter for parameter in encoder.parameters() if not parameter.requires_grad}
        self.encoder = copy.deepcopy(encoder, shared)
        for parameter in self.encoder.parameters():
            if parameter.requires_grad and parameter.dtype is torch.bfloat16:  # an average moves by less
                parameter.data = parameter.data.float()
            parameter.requires_grad_(False)
        self.momentum, self.ranks, self.seed = momentum, ranks, seed
        self.memory, self.precision = memory or Memory(), precision
        self._online = encoder
        self.is_shared_out = False  # the encoders' weights, over the ranks

    def follow(self, encoder: TokenEncoder) -> None:
        """Follow another encoder, whose weights are shared out over the ranks as those of the average are."""
        self._online, self.is_shared_out = encoder, True

    @torch.no_grad()
    def targets(self, batch: PairBatch, views: tuple[Tensor, ...], number: int) -> tuple[Tensor, ...]:
        """Return the moving average's embeddings of the batch of all ranks, V x (B, D)."""
        self.encoder.train()
        chunks = ChunkedPass(
            self.encoder,
            [view.tokens for view in batch.views],
            self.memory,
            self.precision,
            self.ranks.device,
            derive(self.seed, "target", number, self.ranks.rank),
            self.ranks if self.is_shared_out else None,
        )
        return self.ranks.gather(by_row(chunks.embed(), batch, self.encoder)).unbind(dim=1)

    @torch.no_grad()
    def update(self) -> None:
        """Move towards the encoder."""
        move_towards(self.state_dict(), self._online.state_dict(), self.momentum)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights of the moving average."""
        frozen = frozen_names(self._online)
        return {name: tensor for name, tensor in self.encoder.state_dict().items() if name not in frozen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the weights of a checkpoint."""
        self.encoder.load_state_dict(state_dict, strict=not frozen_names(self._online))


class TeacherTarget:
    """A teacher's embeddings of the same texts; the teacher may have other tokens and another width.

    Args:
        embed: Turns texts of a role into unit vectors.
        dimension: The width of these vectors, D'.
        ranks: The processes of the run.
        reads: The role of the only texts that it reads: their vectors are the targets of all texts of their rows. None:
            it reads every text.
    """

    def __init__(self, embed: Embed, dimension: int, ranks: Ranks, reads: Role | None = None) -> None:
        self.embed, self.dimension, self.ranks, self.reads = embed, dimension, ranks, reads

    def targets(self, batch: PairBatch, views: tuple[Tensor, ...], number: int) -> tuple[Tensor, ...]:
        """Return the teacher's embeddings of the batch of all ranks, V x (B, D')."""
        own = np.zeros((len(batch.views), len(batch.rows), self.dimension), dtype=np.float32)
        for position, view in enumerate(batch.views if len(batch.rows) else ()):
            if self.reads is None:
                own[position] = self.embed(view.texts, view.role)
            elif view.role is self.reads:
                own[:] = self.embed(view.texts, view.role)
        embedded = torch.from_numpy(own).transpose(0, 1).contiguous().to(self.ranks.device)  # (b, V, D')
        return self.ranks.gather(embedded).unbind(dim=1)

    def update(self) -> None:
        """Do nothing: a teacher does not learn."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: the teacher is read from its own files."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Do nothing."""


def by_row(embeddings: Tensor | None, batch: PairBatch, encoder: TokenEncoder) -> Tensor:
    """Turn the embeddings of a pass, view after view, into (b, V, D); an empty share has no rows."""
    if embeddings is None:
        like = next(encoder.parameters())  # an empty share has the type of the other ranks' rows
        dtype = torch.promote_types(like.dtype, torch.float32)
        return torch.zeros(0, len(batch.views), encoder.dimension, dtype=dtype, device=like.device)
    return embeddings.view(len(batch.views), len(batch.rows), -1).transpose(0, 1).contiguous()
