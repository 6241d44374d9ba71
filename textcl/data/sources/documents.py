"""Documents without questions as a source: questions are made, hard negatives found, and all scored by a judge."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from textcl.data.sources.json_lines import JsonLines
from textcl.types.text import Example


@dataclass(frozen=True, slots=True)
class DocumentSettings:
    """What is made of documents; the arguments of `Documents` say what each is."""

    path: str
    engine: str
    judge: str
    per_document: int | None
    first: int | None
    negatives: int
    last: int
    cross_encoder: str | None
    text_column: str | None
    title_column: str | None


MakeFile = Callable[[DocumentSettings], Path]


class Documents:
    """Documents alone: questions are made, and a judge finds and scores their negatives (GPL).

    A row is a question, its document, and other documents that the judge finds near to the question, each with the
    judge's score: what `ListwiseKL` and `MarginMSE` learn from. `textcl augment questions` and `textcl mine` do the
    same in two commands.

    The work is done when the source is opened, by `textcl check` too, and kept in the user's cache folder, for as long
    as file, settings and judge are the same. A judge that is the encoder itself, before it is trained, teaches it
    nothing: take a larger one, or a cross-encoder.

    Args:
        path: A file of any kind; a BEIR folder; or a folder of .md and .txt files, a document each.
        engine: What makes the questions: `titles`, which are taken out of the documents; or `seq2seq:MODEL`, a Hub id
            or a folder.
        judge: The encoder that finds and scores: a folder, `pkg://…` or a Hub id.
        per_document: Questions of a document; null: 3 by a model.
        first: A question is kept if its document is among so many that the judge finds first; null: 10 for the
            questions of a model, and titles are kept.
        negatives: Of each question, at most.
        last: They are drawn from the so many nearest documents.
        cross_encoder: A cross-encoder that scores in place of the judge; null: none.
        text_column: Of files with columns; null: `text`.
        title_column: Of files with columns; null: `title`, where there is one.
        make_file: Does the work; whoever builds a run gives it.

    Raises:
        DataError: The file is missing or faulty, or no question is left.
        ModelError: A model cannot be opened.
        ValueError: A number is too small.

    Source:
        Wang et al. 2022, GPL: Generative Pseudo Labeling for Unsupervised Domain Adaptation. arXiv:2112.07577

    Example:
        data:
          sources:
            - {use: Documents, path: corpus.jsonl, engine: titles, judge: sentence-transformers/all-mpnet-base-v2}
    """

    def __init__(
        self,
        path: str,
        engine: str = "titles",
        judge: str = "sentence-transformers/all-mpnet-base-v2",
        per_document: int | None = None,
        first: int | None = None,
        negatives: int = 4,
        last: int = 50,
        cross_encoder: str | None = None,
        text_column: str | None = None,
        title_column: str | None = None,
        *,
        make_file: MakeFile,
    ) -> None:
        for name, number in {"per_document": per_document, "first": first, "negatives": negatives}.items():
            if number is not None and number < 1:
                raise ValueError(f"{name} is {number}; it must be at least 1.")
        if last < negatives:
            raise ValueError(f"last is {last}; it must be at least {negatives}, the negatives that are drawn of them.")
        settings = DocumentSettings(
            path, engine, judge, per_document, first, negatives, last, cross_encoder, text_column, title_column
        )
        self._rows = JsonLines(str(make_file(settings)), negative="negatives", score=["positive_score", "scores"])

    @property
    def fingerprint(self) -> str:
        """A digest of the texts and scores."""
        return self._rows.fingerprint

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def location(self, row: int) -> str:
        """Name the file in the user's cache folder, and the line."""
        return self._rows.location(row)
