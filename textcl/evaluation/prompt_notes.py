"""Which prompt each task of an evaluation put before its texts, noted while it ran."""

from collections.abc import Callable, Mapping, Sequence

from textcl.encoder.prompts import Prompt
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use

_SIDES = {Role.ANCHOR: "queries", Role.POSITIVE: "documents", Role.NEGATIVE: "negatives"}


class PromptNotes:
    """Notes the prompts of one model.

    Args:
        prompt_for: The model's, by what texts are embedded for.
        roles: The model's prompts by role; where all are empty and no task finds another, there is nothing to say.
    """

    def __init__(self, prompt_for: Callable[[Role | Use], Prompt], roles: Mapping[Role, str]) -> None:
        self._prompt_for = prompt_for
        self._has_any = any(roles.values())
        self._task = ""
        self._noted: dict[str, dict[str, Prompt]] = {}  # task -> side of it -> prompt

    def begin(self, task: str) -> None:
        """Say which task embeds from now on."""
        self._task = task

    def over(self, embed: Embed) -> Embed:
        """Return the same model, whose prompts are noted."""

        def noting(texts: Sequence[str], role: Role | Use) -> FloatArray:
            side = role.role if isinstance(role, Use) else role
            name = "" if side is None else _SIDES[side]
            self._noted.setdefault(self._task, {})[name] = self._prompt_for(role)
            return embed(texts, role)

        return noting

    def lines(self) -> list[str]:
        """Return a line for each task: `scifact: queries 'query: ' (query), documents none`; none without prompts."""
        noted = [prompt.text for sides in self._noted.values() for prompt in sides.values()]
        if not self._has_any and not any(noted):
            return []
        return [f"{task}: {', '.join(_said(*side) for side in sides.items())}" for task, sides in self._noted.items()]


def _said(side: str, prompt: Prompt) -> str:
    text = f"{prompt.text!r} ({prompt.name})" if prompt.text else "none"
    return f"{side} {text}".strip()
