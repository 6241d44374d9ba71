"""What the section `data` of a recipe may say."""

from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from textcl.recipe.section import NAME, OWN_FAULT, Component, Count, Positive, Section, Whole
from textcl.types import Role


class ViewEntry(Section):
    """One view of every row."""

    role: Role = Field(description="what the text is to its row: anchor, positive or negative")
    augment: tuple[Component, ...] = ()  # changes of the text, in this order
    input: tuple[Component, ...] = ()  # then changes of what the encoder is given, in this order


class NamedSource(Section):
    """A source with settings of its own; what is null is as in the rest of the recipe."""

    name: str = Field(pattern=NAME, description="what the log and messages call the source")
    source: Component = Field(description="the texts to train on, a component")
    views: tuple[ViewEntry, ...] | None = None
    objective: Component | None = None
    prompts: dict[Role, str] | None = None

    @property
    def is_own(self) -> bool:
        """Whether its rows are trained on in a way of their own."""
        return (self.views, self.objective, self.prompts) != (None, None, None)


def _source_kind(entry: Any) -> str:
    is_named = isinstance(entry, NamedSource) or (isinstance(entry, dict) and "source" in entry and "use" not in entry)
    return "<named>" if is_named else "<component>"


SourceEntry = Annotated[
    Annotated[Component, Tag("<component>")] | Annotated[NamedSource, Tag("<named>")], Discriminator(_source_kind)
]


class MixingSection(Section):
    """How much each source gets of a run, and whether a batch holds several."""

    weights: tuple[Positive, ...] | None = None  # of each source; null: by temperature
    temperature: Positive | None = None  # shares go with size^(1 / temperature); null: 1, or weights
    one_source_per_batch: bool = True

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        """Refuse two measures."""
        if self.weights is not None and self.temperature is not None:
            raise PydanticCustomError(OWN_FAULT, "found both weights and temperature; keep one, set the other to null")
        return self


class DataSection(Section):
    """What a run reads."""

    sources: tuple[SourceEntry, ...] = Field(min_length=1, description="the texts to train on, a list of components")
    mixing: MixingSection | None = None  # null: the rows of all sources are drawn alike
    views: tuple[ViewEntry, ...] | None = None  # null: what the rows hold; two dropout views where there is no positive
    max_length: Annotated[int, Field(ge=3)] = 128  # tokens
    batch_size: Annotated[int, Field(ge=2)] = 64  # rows, over all processes
    rows_per_label: Count | None = None  # rows of one label that a batch holds together; null: as chance has it
    workers: Whole | None = None  # that make batches ahead, for each process of the run; 0: none; null: 1 to 4

    @property
    def names(self) -> tuple[str, ...]:
        """What the sources are called; one without a name goes by its place."""
        return tuple(
            entry.name if isinstance(entry, NamedSource) else f"sources.{number}"
            for number, entry in enumerate(self.sources)
        )

    @property
    def components(self) -> tuple[tuple[str, Component], ...]:
        """Where each source stands in the recipe, and its component."""
        return tuple(
            (f"data.sources.{number}.source", entry.source)
            if isinstance(entry, NamedSource)
            else (f"data.sources.{number}", entry)
            for number, entry in enumerate(self.sources)
        )

    @property
    def takes_turns(self) -> bool:
        """Whether each batch is from one source."""
        return self.mixing is not None and self.mixing.one_source_per_batch

    @model_validator(mode="after")
    def _fitting_sources(self) -> Self:
        """Refuse what the sources can not have together."""
        fault = _twice(self.names) or _unfit_mixing(self)
        if fault is not None:
            raise PydanticCustomError(OWN_FAULT, "{fault}", {"fault": fault})
        return self


def _twice(names: tuple[str, ...]) -> str | None:
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"two sources are called '{twice}'; give each its own name"


def _unfit_mixing(section: DataSection) -> str | None:
    weights = section.mixing.weights if section.mixing else None
    if weights is not None and len(weights) != len(section.sources):
        return f"found {len(weights)} weights in mixing for {len(section.sources)} sources; give each source one"
    own = next((entry for entry in section.sources if isinstance(entry, NamedSource) and entry.is_own), None)
    if own is not None and not section.takes_turns:
        mixing = "{temperature: 1}" if section.mixing is None else "one_source_per_batch: true"
        return (
            f"source '{own.name}' has views, prompts or an objective of its own, but a batch may hold rows of several "
            f"sources. Let them take turns: mixing: {mixing}"
        )
    if section.rows_per_label is not None and section.mixing is not None and not section.takes_turns:
        return "rows_per_label orders the rows of one source; leave mixing.one_source_per_batch at true"
    return None
