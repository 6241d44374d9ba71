"""The dropout rates of a backbone: found, and set in its config."""

import re

from torch import nn
from transformers import PreTrainedConfig

# Dropout of heads that an encoder does not have, and the dropping of whole layers, are not ours.
_RATE = re.compile(r"^(?!classifier|seq_classif|qa_|summary|pooler|.*layerdrop).*(dropout|drop_prob|pdrop)")


def dropout_settings(config: PreTrainedConfig) -> dict[str, float]:
    """Return the config's dropout settings, name → rate."""
    return {
        name: float(value)
        for name, value in config.to_dict().items()
        if _RATE.match(name) and isinstance(value, int | float) and not isinstance(value, bool)
    }


def set_dropout(config: PreTrainedConfig, rate: float) -> None:
    """Set every dropout of a config; to be done before the modules are built.

    Raises:
        ValueError: The rate is not in [0, 1), or the config has no dropout.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout is {rate}; it is a rate, at least 0 and below 1.")
    settings = dropout_settings(config)
    if not settings:
        raise ValueError(f"dropout can not be set: the architecture {config.model_type!r} has none.")
    for name in settings:
        setattr(config, name, rate)


def largest_dropout(model: nn.Module) -> float:
    """Return the largest dropout rate found in a model's modules, 0 where none drops anything."""
    return max((rate for module in model.modules() for rate in _rates(module)), default=0.0)


def _rates(module: nn.Module) -> list[float]:
    """Return the rates a module holds: a dropout module's own, and those that attention applies by a function."""
    held = [value for name, value in vars(module).items() if "dropout" in name and isinstance(value, float)]
    if "Dropout" in type(module).__name__ and isinstance(rate := getattr(module, "p", None), float):
        held.append(rate)
    return held
