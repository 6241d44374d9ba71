"""Models of MarianMT, one a direction: named by a pattern, and told which language where they know several."""

from collections.abc import Sequence
from typing import Any

from textcl.errors import ModelError


def name_of(pattern: str, source: str, target: str) -> str:
    """Fill a pattern such as `opus-mt-{source}-{target}` in.

    Raises:
        ModelError: The languages do not stand in it: there and back would be one model.
    """
    if "{source}" not in pattern or "{target}" not in pattern:
        raise ModelError(
            f"{pattern} names one model, but there and back are two. Write the languages as {{source}} and {{target}}: "
            "Helsinki-NLP/opus-mt-{source}-{target}, or folders of such names."
        )
    return pattern.replace("{source}", source).replace("{target}", target)


def sources_of(texts: Sequence[str], target: str, tokenizer: Any) -> list[str]:
    """Return texts on one line each; a model of several target languages reads before each which one is meant.

    The tokenizer is `Any`, as transformers' tokenizers share no type.
    """
    sign = f">>{target}<<"
    prefix = f"{sign} " if sign in tokenizer.get_vocab() else ""
    return [prefix + " ".join(text.split()) for text in texts]
