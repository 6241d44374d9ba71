"""Put a text into a sentence about it."""

import random
from dataclasses import dataclass

_POSITION = "{text}"


@dataclass(frozen=True, slots=True)
class Template:
    """Puts the text into a sentence about it: `This sentence of "…" means something.`

    Two templates for the two views make a positive pair that differs in words and not in meaning. PromptBERT reads the
    vector of a [MASK] in the template, and takes away what the template alone would give; here the encoder's own
    pooling reads all of the sentence. Nothing is drawn: `OneOf` draws among several templates.

    Failure modes: `data.max_length` cuts the end, so of a long text the words after `{text}`; a model that was trained
    inside a template wants it for its texts afterwards too, where `encoder.prompts` is what a saved model remembers.

    Args:
        template: A sentence with `{text}` in it once. Other braces mean nothing.

    Raises:
        ValueError: `{text}` does not stand in the template once.

    Source:
        Jiang et al. 2022, PromptBERT, section 4 (templates; two for the two views). arXiv:2201.04337

    Example:
        augment: [{use: Template, template: 'This sentence of "{text}" means something.'}]
        # before: two birds sing
        # after: This sentence of "two birds sing" means something.
    """

    papers = ("jiang2022promptbert",)

    template: str = 'This sentence of "{text}" means something.'

    def __post_init__(self) -> None:
        if self.template.count(_POSITION) != 1:
            raise ValueError(f"template: found {self.template!r}, but {_POSITION} must stand in it once.")

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the template with the text, stripped of white space at its ends."""
        return self.template.replace(_POSITION, text.strip())
