"""Models that translate in one direction are named by a pattern."""

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
