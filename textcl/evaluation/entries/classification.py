"""Two sets of labelled texts in a suite: classifiers learn from one and are scored on the other."""

from dataclasses import dataclass
from typing import Literal

from pydantic import model_validator

from textcl.evaluation.classification import Classification
from textcl.evaluation.entries.labels import LabelColumns, labelled
from textcl.evaluation.files import Files
from textcl.evaluation.labels import LabelledText
from textcl.evaluation.section import Hub, Section


class Part(Section):
    """Where one of the two sets lies; a path alone is `local`."""

    bundled: str | None = None  # a file beside the suite file; neither Hub nor data folder is then asked
    local: str | None = None  # a file, below the data folder
    hub: Hub | None = None

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: object) -> object:
        return {"local": value} if isinstance(value, str) else value


class ClassificationEntry(Section):
    """A training set and a test set of one list of labels."""

    kind: Literal["classification"]
    name: str
    train: Part
    test: Part
    columns: LabelColumns = LabelColumns()
    drops_shared: bool = False  # leave texts of the test set out of the training set; without it they are an error

    def task(self, files: Files) -> Classification:
        """Read both sets."""
        train, test = self._read(files, self.train, "train"), self._read(files, self.test, "test")
        if self.drops_shared:
            tested = {row.text for row in test}
            train = [row for row in train if row.text not in tested]
        return Classification(self.name, train, test)

    def _read(self, files: Files, part: Part, role: str) -> list[LabelledText]:
        stored = _NamedPart(f"{self.name} ({role})", part.bundled, part.local, part.hub)
        return labelled(files.rows(stored), self.columns)


@dataclass(slots=True)
class _NamedPart:
    """A part with a name for messages."""

    name: str
    bundled: str | None
    local: str | None
    hub: Hub | None
