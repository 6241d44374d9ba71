"""How sentence-transformers writes down a pooling."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textcl.errors import ModelError

_TO_ST = {"mean": "mean", "cls": "cls", "last": "lasttoken", "max": "max", "weighted_mean": "weightedmean"}
_FROM_ST = {theirs: ours for ours, theirs in _TO_ST.items()}
# One switch a pooling: what every release reads, and what releases before 5.4 wrote.
_SWITCHES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def pooling_config(pooling: str, pool_prompt: bool, width: int) -> dict[str, Any]:
    """Return the content of `1_Pooling/config.json`.

    Args:
        pooling: One of our names.
        pool_prompt: Whether the prompt's tokens are read.
        width: Of the token vectors.
    """
    switches = {switch: mode == _TO_ST[pooling] for switch, mode in _SWITCHES.items()}
    return {"word_embedding_dimension": width, **switches, "include_prompt": pool_prompt}


def read_pooling(config: Mapping[str, Any], file: Path) -> str:
    """Return our name of the pooling that a config asks for.

    Raises:
        ModelError: It asks for several at once, or for one that textcl does not have.
    """
    written = config.get("pooling_mode")
    switched_on = [mode for switch, mode in _SWITCHES.items() if config.get(switch)]
    modes = [written] if isinstance(written, str) else list(written or switched_on or ["mean"])
    if len(modes) != 1 or modes[0] not in _FROM_ST:
        known = ", ".join(_FROM_ST)
        raise ModelError(f"{file}: the pooling is {' + '.join(modes)}; textcl opens models with one of {known}.")
    return _FROM_ST[modes[0]]
