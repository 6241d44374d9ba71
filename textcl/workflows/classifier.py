"""A classifier that was learned, opened again: its model, and a weight for each label."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field
from safetensors.numpy import load_file

from textcl.embedding.embed import opened
from textcl.errors import ModelError
from textcl.evaluation.tasks.classification import Classification
from textcl.files.corpora import PlainTexts
from textcl.report.scores import Checked
from textcl.types.text import Use
from textcl.util.atomic import new_file, refuse_location
from textcl.util.cosines import unit_length
from textcl.util.foreign import reading
from textcl.util.progress import SILENT, Progress

MODEL, PROBE, FILE = "model", "probe.safetensors", "classifier.json"
USE = Use(Classification.prompt_names)  # what texts are embedded for


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label of a text, and how sure the classifier is of each, 0–1."""

    label: str
    probability: float
    probabilities: Mapping[str, float]


class Classifier:
    """An opened classifier: its model, and a weight for each label.

    >>> import textcl
    >>> _ = textcl.classify("labelled.csv", "model", "topics")
    >>> prediction = textcl.Classifier("topics").predict(["two dogs run"])[0]
    >>> sorted(prediction.probabilities)
    ['animals', 'people']

    Args:
        folder: What `textcl classify` wrote.
        precision: float32, bf16 or auto.

    Raises:
        ModelError: The folder is no classifier, or it is damaged.
    """

    def __init__(self, folder: str | Path, *, precision: str = "auto") -> None:
        folder = Path(folder).expanduser()
        with reading(folder / FILE):
            self.labels: tuple[str, ...] = tuple(_About.model_validate_json((folder / FILE).read_bytes()).labels)
        with reading(folder / PROBE):
            probe = load_file(folder / PROBE)
        self._encoder = opened(folder / MODEL, precision)
        self._weight, self._bias = (probe.get(name, np.empty(0)) for name in ("weight", "bias"))
        shape = (len(self.labels), self._encoder.dimension)
        if self._weight.shape != shape or self._bias.shape != shape[:1]:
            raise ModelError(
                f"{folder / PROBE}: holds weights of {self._weight.shape}, and {len(self.labels)} labels of vectors of "
                f"{shape[1]} want {shape}. Make the classifier again by textcl classify."
            )

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Return the label of each text."""
        vectors = unit_length(self._encoder.encode(texts, role=USE))
        logits = vectors.astype(np.float64) @ self._weight.T + self._bias  # (N, C)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = (powers / powers.sum(axis=1, keepdims=True)).tolist()
        return [self._prediction(row) for row in shares]

    def _prediction(self, shares: Sequence[float]) -> Prediction:
        best = int(np.argmax(shares))
        return Prediction(self.labels[best], shares[best], dict(zip(self.labels, shares, strict=True)))


class _About(Checked):
    """What `classifier.json` says, as far as it is read."""

    labels: Annotated[list[str], Field(min_length=2)]


_BLOCK = 4096  # texts that are in memory at once


def classify_file(
    classifier: Classifier, texts: Path, out: Path, *, column: str | None, force: bool, progress: Progress = SILENT
) -> Counter[str]:
    """Write the label of each text of a file as JSONL: `text`, `label`, `probability`, `probabilities`.

    Args:
        classifier: The classifier.
        texts: A file of any kind.
        out: The file to write; appears whole or not at all.
        column: Of files with columns, the one that holds the texts; None: `text`.
        force: Replace `out` where it is there already.
        progress: Gets the progress.

    Returns:
        How many texts got each label.

    Raises:
        DataError: The file is missing or has an error, or `out` is there.
    """
    refuse_location(out, force=force, read=[texts])
    left, counts = iter(PlainTexts(texts, column)), Counter[str]()
    progress.phase("Classifying")
    with new_file(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        while block := list(islice(left, _BLOCK)):
            for text, prediction in zip(block, classifier.predict(block), strict=True):
                row = {"text": text, **asdict(prediction)}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                counts[prediction.label] += 1
            progress.advance(len(block))
    return counts
