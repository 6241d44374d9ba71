"""What a suite file may say: a list of tasks, and where each finds its data."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A mapping in which every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(Section):
    """A data set on the Hugging Face Hub; `split` may be cut, as in `test[5000:]`."""

    id: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    split: str


class Columns(Section):
    """The columns of a set of graded pairs."""

    first: str = "sentence1"
    second: str = "sentence2"
    score: str = "score"


class STSEntry(Section):
    """A set of graded pairs."""

    kind: Literal["sts"]
    name: str
    bundled: str | None = None  # a JSON-lines file beside the suite file; neither Hub nor data folder is then asked
    local: str | None = None  # a JSON-lines file, below the data folder
    hub: Hub | None = None
    columns: Columns = Columns()
    ends: str | None = None  # digest of the first and last pair: guards a cut that the Hub does not name


class RetrievalEntry(Section):
    """A set in BEIR layout: corpus, queries and qrels."""

    kind: Literal["retrieval"]
    name: str
    local: str | None = None  # a folder, below the data folder
    hub: Hub | None = None  # configs `corpus`, `queries` and `default`; the split is that of the judgements
    drops_self: bool = False


Entry = Annotated[STSEntry | RetrievalEntry, Field(discriminator="kind")]


class Suite(Section):
    """A named list of tasks."""

    description: str
    tasks: Annotated[tuple[Entry, ...], Field(min_length=1)]
