"""What the entries of a suite are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A mapping in which every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(Section):
    """A data set on the Hugging Face Hub; `split` may be cut, as in `test[5000:]`."""

    id: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    split: str
    config: str | None = None
