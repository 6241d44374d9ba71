"""A checkpoint that every process writes its part of, so that none ever holds it whole; any number of them reads it.

In the state of the run a mark stands for each tensor that is shared out; its rows are in files `part-N.pt`.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from textcl.distributed import Ranks, part_here
from textcl.errors import TrainingError
from textcl.training.checkpoint import PARTS, Trained, explained, make_room, state_of, write_state
from textcl.training.optimisers import HalfWeights, Muon
from textcl.training.shards import is_part, like, rows_of_part, writes
from textcl.training.step import Optimiser
from textcl.util.atomic import new_folder

_MARK = "shared out"
State = dict[str, Any]  # nested, of tensors, numbers and words


def save_parts(folder: Path, step: int, trained: Trained, keep: int, ranks: Ranks) -> Path:
    """Write `folder/step-N` as `save_checkpoint` does, each process the parts that it holds; every rank calls it.

    Raises:
        TrainingError: It cannot be written, or the processes do not see one folder; older checkpoints are kept.
    """
    path = folder / f"step-{step}"
    own: dict[str, tuple[int, Tensor]] = {}
    state = _taken_apart(state_of(step, trained), own, "")
    with explained(path), ExitStack() as stack:
        made = ranks.together(lambda: str(stack.enter_context(new_folder(path))) if ranks.is_main else "")
        temporary = Path(ranks.first(made))
        ranks.together(lambda: _write_part(temporary, own, ranks))
        ranks.together(lambda: write_state(temporary, state) if ranks.is_main else None)
        ranks.together(stack.pop_all().close)
    ranks.together(lambda: make_room(path, keep) if ranks.is_main else None)
    return path


def _write_part(folder: Path, own: dict[str, tuple[int, Tensor]], ranks: Ranks) -> None:
    if not folder.is_dir():
        raise TrainingError(
            f"{folder.parent}: this process does not see the folder that process 0 writes checkpoints to. With "
            "training.shard every machine must have the run folder on one common disk."
        )
    torch.save(own, folder / f"part-{ranks.rank}.pt")


def _taken_apart(value: Any, own: dict[str, tuple[int, Tensor]], name: str) -> Any:  # Any: a state, or part of one
    """Return a state with marks for what is shared out, whose rows here are put into `own`, by name."""
    if isinstance(value, Tensor) and is_part(value):
        if writes(value):
            own[name] = rows_of_part(value)[0], _alone(part_here(value).detach().cpu())
        return {_MARK: name}
    if isinstance(value, Mapping):
        return {key: _taken_apart(entry, own, f"{name}/{key}") for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_taken_apart(entry, own, f"{name}/{number}") for number, entry in enumerate(value))
    return value


def _alone(rows: Tensor) -> Tensor:
    """Return rows without what else lies in their memory, which `torch.save` would write too."""
    return rows.clone() if rows.untyped_storage().nbytes() > 2 * rows.nbytes else rows


class _Rows:
    """A tensor whose rows lie in several files."""

    def __init__(self, pieces: list[tuple[int, Tensor]]) -> None:
        self._pieces = sorted((piece for piece in pieces if len(piece[1])), key=lambda piece: piece[0])
        last = self._pieces[-1]
        self.shape = torch.Size((last[0] + len(last[1]), *last[1].shape[1:]))

    def read(self, first: int, last: int) -> Tensor:
        """Return the rows from `first` to before `last`."""
        found = [rows[max(0, first - start) : max(0, last - start)] for start, rows in self._pieces]
        return torch.cat(found)


def put_together(state: State, folder: Path, trained: Trained) -> State:
    """Return the state of a checkpoint as a run takes it: of what the run shares out, the rows that belong here.

    Args:
        state: As it was read; may have marks.
        folder: The checkpoint.
        trained: The parts of the run.
    """
    files = [torch.load(path, map_location="cpu", weights_only=True, mmap=True) for path in folder.glob(PARTS)]

    def found(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.keys() == {_MARK}:
                return _Rows([file[value[_MARK]] for file in files if value[_MARK] in file])
            return {key: found(entry) for key, entry in value.items()}
        return type(value)(map(found, value)) if isinstance(value, list | tuple) else value

    state = found(state)
    for part, held in (("encoder", trained.encoder.state_dict()), ("target", trained.target.state_dict())):
        state[part] = {name: _placed(value, held.get(name)) for name, value in state[part].items()}
    for weights, moments in _by_weight(trained.optimiser, state["optimiser"]):
        for number, of_weight in moments.items():
            for name, value in of_weight.items():
                of_weight[name] = _placed(value, weights[number])
    return state


def _placed(value: Any, held: Tensor | None) -> Any:
    """Return what belongs here of a value: rows, where it is of the form of a tensor that is shared out."""
    if not isinstance(value, Tensor | _Rows):
        return value
    if held is not None and is_part(held) and held.shape == value.shape:
        first, last = rows_of_part(held)
        rows = value.read(first, last) if isinstance(value, _Rows) else value[first:last]
        return like(rows.clone(), held)
    return value.read(0, value.shape[0]) if isinstance(value, _Rows) else value


def _by_weight(optimiser: Optimiser, state: State) -> Iterator[tuple[list[Tensor], dict[int, State]]]:
    """Yield the weights that an optimiser moves, and what it remembers of each, by its number among them."""
    if isinstance(optimiser, Muon):
        for part, of_part in zip(optimiser.parts, state["parts"], strict=True):
            yield from _by_weight(part, of_part)
        return
    groups = [weight for group in optimiser.param_groups for weight in group["params"]]
    yield optimiser.held() if isinstance(optimiser, HalfWeights) else groups, state["state"]
