"""What a recipe may say: one model a section, in the order in which data flows."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, PrivateAttr, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from textcl.errors import found
from textcl.recipe.section import (
    MOST,
    OWN_ERROR,
    AdapterSection,
    AfterEntry,
    Component,
    Count,
    During,
    HeldOut,
    HubSection,
    InlineTask,
    Positive,
    Section,
    Share,
    Teacher,
    TeacherSection,
    Tracker,
    Whole,
)
from textcl.training.step import Schedule
from textcl.types.text import Role
from textcl.util.precision import Precision

NAME = r"^\w[\w.-]*$"


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

    weights: tuple[Annotated[float, Field(ge=1e-9, le=1e9)], ...] | None = None  # of each source; null: by temperature
    temperature: Annotated[float, Field(ge=0.05, le=1e9)] | None = (
        None  # shares go with size^(1 / temperature); null: 1, or weights
    )
    one_source_per_batch: bool = True

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        """Refuse two measures."""
        if self.weights is not None and self.temperature is not None:
            raise PydanticCustomError(OWN_ERROR, "found both weights and temperature; keep one, set the other to null")
        return self


def _length_kind(value: Any) -> str:
    return "<by role>" if isinstance(value, dict) else "<number>"


_Tokens = Annotated[int, Field(ge=3, le=MOST)]
_Workers = Annotated[int, Field(ge=0, le=1024)]  # of one machine
Length = Annotated[
    Annotated[_Tokens, Tag("<number>")] | Annotated[dict[Role, _Tokens], Field(min_length=1), Tag("<by role>")],
    Discriminator(_length_kind),
]


class DataSection(Section):
    """What a run reads."""

    sources: tuple[SourceEntry, ...] = Field(min_length=1, description="the texts to train on, a list of components")
    mixing: MixingSection | None = None  # null: the rows of all sources are drawn alike
    views: tuple[ViewEntry, ...] | None = None  # null: what the rows hold; two dropout views where there is no positive
    max_length: Length = 128  # tokens, or tokens by role; negatives are cut as positives are
    batch_size: Annotated[int, Field(ge=2, le=MOST)] = 64  # rows, over all processes
    order: Literal[1, 2] = (
        1  # of an epoch's rows: 1: stored, 16 bytes a row; 2: computed, without memory, for 10⁸ rows on
    )
    held_out: HeldOut | None = None  # a fraction of the rows, a number of them, or a file: scored, and not trained on
    rows_per_label: Count | None = None  # rows of one label that a batch holds together; null: as chance has it
    workers: _Workers | None = None  # that make batches ahead, for each process of the run; 0: none; null: 1 to 4

    @property
    def names(self) -> tuple[str, ...]:
        """What the sources are called; one without a name goes by its location."""
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
        """Refuse what the sources cannot have together."""
        error = _twice(self.names) or _unfit_mixing(self) or _unfit_held_out(self)
        if error is not None:
            raise PydanticCustomError(OWN_ERROR, "{error}", {"error": error})
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
    held = "rows_per_label" if section.rows_per_label is not None else "mixing.one_source_per_batch: false"
    is_held = section.rows_per_label is not None or (section.mixing is not None and not section.takes_turns)
    if section.order == 2 and is_held:
        return f"found order: 2, which computes where each row stands, but {held} wants them all at hand: order: 1"
    if section.rows_per_label is not None and section.mixing is not None and not section.takes_turns:
        return "rows_per_label orders the rows of one source; leave mixing.one_source_per_batch at true"
    return None


def _unfit_held_out(section: DataSection) -> str | None:
    """Say why a file that is named alone cannot be read as the source is."""
    path = section.held_out
    if not isinstance(path, str):
        return None
    [(_, first), *others] = section.components
    if others or "path" not in first.settings:
        why = "there are several sources" if others else f"{first.use} takes no path"
        words = "write the held-out rows as a source: held_out: {use: JsonLines, path: …}"
        return f"held_out names a file to be read as the source is, but {why}; {words}"
    return None


_POOLINGS = ("mean", "cls", "last", "max", "weighted_mean", "mean_sqrt")


def _check_pooling(name: str) -> str:
    """Refuse a name that joins anything but poolings."""
    if set(name.split("+")) <= set(_POOLINGS):
        return name
    raise PydanticCustomError("literal_error", "", {"expected": ", ".join((*_POOLINGS, "several joined by +"))})


Pooling = Annotated[str, AfterValidator(_check_pooling)]


class DocumentsSection(Section):
    """The tower of positives and negatives; what is null is as in `encoder`."""

    backbone: str | None = None
    pooling: Pooling | None = None
    layers: Count | None = None
    dropout: Share | None = None
    pool_prompt: bool | None = None
    random_init: bool | None = None
    is_causal: bool | None = None
    append_eos: bool | None = None
    new_words: str | None = None
    weights: Literal["float32", "bf16"] | None = None
    adapter: AdapterSection | None = None


class EncoderSection(Section):
    """What is trained."""

    backbone: str = Field(description="the encoder to start from: a Hub id, a folder, or pkg://a_python_package/folder")
    pooling: Pooling | None = None  # several joined, as cls+mean; null: the backbone's own, else mean
    layers: Count | None = None  # null: all
    dropout: Share | None = None  # null: the backbone's own
    prompts: dict[Role, str] | None = None  # put before each text of the role; null: the backbone's own, else none
    pool_prompt: bool | None = None  # null: the backbone's own, else true
    random_init: bool = False  # draw the weights instead of reading them
    is_causal: bool | None = None  # false: a decoder whose tokens see both sides; null: the backbone's own
    append_eos: bool | None = None  # an end token behind each text; null: where `last` is new and the tokenizer has one
    new_words: str | None = None  # a file of words, one a line, that get a token each; null: none do
    weights: Literal["float32", "bf16"] = "float32"  # what the backbone's are held in, but for an adapter's
    adapter: AdapterSection | None = None  # what is trained beside frozen weights; null: all weights are trained
    documents: DocumentsSection | None = None  # a tower of their own for positives and negatives; null: one for all
    # The model whose vectors a distilling objective follows, named as a backbone is. It reads each text; or, as
    # {model: …, reads: anchor}, one text of each row, whose vector the others follow: a translation the English text's.
    teacher: Teacher | None = None

    @property
    def teacher_model(self) -> str | None:
        """The name of the teacher."""
        return self.teacher.model if isinstance(self.teacher, TeacherSection) else self.teacher


class TrainingSection(Section):
    """How it is trained."""

    epochs: Count | None = None  # 1 when steps are not given either
    steps: Count | None = None
    learning_rate: Positive = 3e-5
    objective_learning_rate: Positive | None = None  # of its heads, prototypes, temperature; null: the same
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    warmup: Share = 0.06  # fraction of the steps
    schedule: Schedule = Schedule.LINEAR
    optimiser: Component = Component(use="AdamW")  # or Adafactor, Lion, Muon, torch.optim:NAME, and their arguments
    clip: Positive = 1.0  # largest norm of the gradient
    save_every: Count = 500  # steps
    keep_checkpoints: Count = 2
    on_collapse: Literal["warn", "stop"] = "warn"  # when the monitor sees all embeddings become one
    precision: Precision = Precision.AUTO
    chunk_tokens: Count | None = None  # padded tokens that go through the encoder at once; null: as suits the device
    live_tokens: Whole | None = None  # those whose graph is kept; null: likewise. Bounds memory, changes no result
    loss_rows: Count | None = None  # rows whose loss is computed at once; null: 8 MB of logits. Bounds memory likewise
    recompute: bool = False  # keep the inputs of layers alone, and compute the rest twice
    shard: Literal["none", "full", "hybrid"] = "none"  # what processes share the weights: all, or each machine's
    track_with: tuple[Tracker, ...] = ()  # what else is told of the run: tensorboard, wandb, trackio, mlflow, …

    @field_validator("track_with", mode="before")
    @classmethod
    def _each_once(cls, trackers: object) -> object:
        """Take one tracker for a list of it, and refuse one that is named twice."""
        named = [trackers] if isinstance(trackers, str) else trackers
        twice = [name for name in named if named.count(name) > 1] if isinstance(named, list) else []
        if twice:
            raise PydanticCustomError(
                OWN_ERROR, "found {name} twice; name each tracker once", {"name": found(twice[0])}
            )
        return tuple(named) if isinstance(named, list) else named

    @model_validator(mode="before")
    @classmethod
    def _one_length(cls, section: Any) -> Any:
        """Let a run last one epoch unless it says otherwise, and refuse two lengths (`Any`: whatever was typed)."""
        if not isinstance(section, dict):
            return section
        epochs, steps = section.get("epochs"), section.get("steps")
        if epochs is not None and steps is not None:
            raise PydanticCustomError(OWN_ERROR, "found both epochs and steps; keep one and set the other to null")
        return {**section, "epochs": 1} if epochs is None and steps is None else section


class EvaluationSection(Section):
    """What is scored, and when."""

    during: During | None = None
    after: tuple[AfterEntry, ...] = ()  # suites by name or path, and inline tasks; scored before and after the run
    data_dir: str | None = None  # folder of evaluation sets; null: from the Hub

    @model_validator(mode="after")
    def _distinct_tasks(self) -> Self:
        """Refuse two inline tasks of one name: the report could hold only one of them."""
        names = [entry.name for entry in self.after if isinstance(entry, InlineTask)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PydanticCustomError(OWN_ERROR, "two tasks are called '{name}'; give each its own", {"name": twice})
        return self


class Recipe(Section):
    """A whole run.

    >>> import textcl
    >>> recipe = textcl.Recipe(
    ...     name="mine",
    ...     data={"sources": [{"use": "TextLines", "path": "sentences.txt"}], "batch_size": 64},
    ...     encoder={"backbone": "model"},
    ...     training={"epochs": 2, "learning_rate": 2e-5},
    ... )
    >>> recipe.objective.use, recipe.training.epochs
    ('InfoNCE', 2)
    """

    name: str = Field(pattern=NAME, description="the name of the run, which its folder gets")
    seed: Whole = 17
    data: DataSection = Field(description="the section that names the texts to train on")
    encoder: EncoderSection = Field(description="the section that names the encoder to start from")
    objective: Component = Component(use="InfoNCE")
    training: TrainingSection = TrainingSection(epochs=1)
    evaluation: EvaluationSection = EvaluationSection()
    hub: HubSection = HubSection()
    _allow_code: tuple[str, ...] = PrivateAttr(())  # no setting: what a recipe cannot say of itself

    @property
    def allow_code(self) -> tuple[str, ...]:
        """What may be imported outside textcl to build it, as its user has allowed."""
        return self._allow_code

    def allowing(self, allow_code: tuple[str, ...]) -> Self:
        """Return the same recipe with the consent of its user."""
        made = self.model_copy()
        made._allow_code = allow_code
        return made

    @model_validator(mode="after")
    def _best_is_kept(self) -> Self:
        """Refuse to push a best model where none is kept."""
        during = self.evaluation.during
        if self.hub.best_on_the_way and (during is None or not during.keeps_best):
            words = "hub.best_on_the_way is true, but no best model is kept: give evaluation.during.keep_best_by"
            raise PydanticCustomError(OWN_ERROR, words)
        return self
