"""Parts of a recipe: a section, a component, an adapter, what the Hub accepts as names, and what is scored when.

A wrong word in the head of a card makes the Hub refuse the whole upload.
"""

import difflib
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, though not in its __all__
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from textcl.errors import found

OWN_ERROR = "own_error"  # the kind of error whose words are ours already


class Section(BaseModel):
    """A section: it cannot be changed, and knows no settings but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


MOST = 2**31 - 1  # of whatever is counted: what lies below fits into every number that counts it
Count = Annotated[int, Field(ge=1, le=MOST)]
Whole = Annotated[int, Field(ge=0, le=MOST)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Component(BaseModel):
    """A class by its name, `use`, and the arguments of its constructor beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str = Field(description="a name that textcl knows, or my_package.module:Class for your own")

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, by name; `Any` because they are the component's own affair."""
        return self.model_extra or {}


class AdapterSection(Section):
    """A low-rank adapter (LoRA): what is trained of an encoder whose own weights stay as they are."""

    rank: Count = 8
    alpha: Positive = 16.0  # the adapter counts alpha / rank times
    targets: Annotated[tuple[str, ...], Field(min_length=1)] | None = None  # layers; null: queries and values
    dropout: Share = 0.0  # of the adapter's inputs

    @field_validator("targets", mode="before")
    @classmethod
    def _one_name(cls, targets: object) -> object:
        """Take one name for a list of it."""
        named = [targets] if isinstance(targets, str) else targets
        return tuple(named) if isinstance(named, list) else named


_KNOWN_LICENSES = """
    apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m
    afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5
    cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
    cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl
    lgpl-2.1 lgpl-3.0 lgpl-lr isc lppl-1.3c ms-pl apple-ascl mpl-2.0 odc-by odbl openrail++ osl-3.0 postgresql ofl-1.1
    ncsa unlicense zlib pddl deepfloyd-if-license llama2 llama3 llama3.1 gemma unknown other
"""
_LICENSES = tuple(_KNOWN_LICENSES.split())
_LANGUAGE = re.compile(r"[a-z]{2,3}|multilingual|code")
_DATASET = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def repository_error(name: str) -> str | None:
    """Say what is wrong with the name of a repository; None: the Hub would take it."""
    try:
        validate_repo_id(name)
    except HFValidationError:
        return f"found '{name}', but it must be a repository of the Hub, as in me/my-model"
    return None


def license_error(name: str) -> str | None:
    """Say what is wrong with the name of a licence; None: the Hub knows it."""
    if name in _LICENSES:
        return None
    close = difflib.get_close_matches(name.lower().replace(" ", "-"), _LICENSES, n=1)
    way_out = f"the nearest is {close[0]}" if close else "it has apache-2.0, mit, cc-by-4.0 … and other"
    return f"found '{name}', but the Hub knows no such licence; {way_out}"


def language_error(code: str) -> str | None:
    """Say what is wrong with the code of a language; None: it is well formed."""
    if _LANGUAGE.fullmatch(code):
        return None
    return f"found '{code}', but a language is written by its ISO 639 code, as in en, or as multilingual or code"


def dataset_error(name: str) -> str | None:
    """Say what is wrong with the id of a data set; None: it could be one."""
    if _DATASET.fullmatch(name):
        return None
    return f"found '{name}', but a data set is named by its id on the Hub, as in sentence-transformers/all-nli"


def _without(error: Callable[[str], str | None]) -> AfterValidator:
    """Refuse a text in which a function finds an error, in its words."""

    def check(text: str) -> str:
        if (words := error(text)) is not None:
            raise PydanticCustomError(OWN_ERROR, "{words}", {"words": words})
        return text

    return AfterValidator(check)


def tracker_error(name: str) -> str | None:
    """Say what is wrong with the name of a tracker; None: accelerate knows it."""
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS  # slow to import, and needed where a recipe names one

    if name in LOGGER_TYPE_TO_CLASS:
        return None
    return f"found '{name}', but accelerate knows no such tracker; it has {', '.join(LOGGER_TYPE_TO_CLASS)}"


Tracker = Annotated[str, _without(tracker_error)]


class HubSection(Section):
    """Where the model is published when the run is done, and what its card says that no run can know."""

    repo: Annotated[str, _without(repository_error)] | None = (
        None  # me/my-model, or one's own by its name; null: nowhere
    )
    private: bool = True
    revision: str | None = None  # the branch; null: the main one
    best_on_the_way: bool = False  # also push the best model so far, whenever evaluation.during finds a better one
    license: Annotated[str, _without(license_error)] | None = None  # as the Hub calls it: apache-2.0
    language: tuple[Annotated[str, _without(language_error)], ...] = ()  # ISO 639 codes: en
    datasets: tuple[Annotated[str, _without(dataset_error)], ...] = ()  # ids on the Hub, beside those of the sources


def _refuse_amount(value: object) -> object:
    """Refuse what says neither how many rows are held out nor which."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_share = isinstance(value, float) and 0 < value < 1
    if (is_number and not is_share and not (isinstance(value, int) and value >= 1)) or not (
        is_number or isinstance(value, dict | HeldOutRows | Component) or (isinstance(value, str) and value.strip())
    ):
        words = "found {value}, but it must be a fraction below 1, a whole number of rows, a file, or a source"
        raise PydanticCustomError(OWN_ERROR, words, {"value": found(value)})
    return value


class HeldOutRows(Section):
    """How many rows are held out, and which of the ways to choose them."""

    share: Annotated[float, Field(gt=0, lt=1)] | None = None  # of the rows
    rows: Count | None = None
    seed: Whole = 0  # another number holds out other rows; the seed of the run changes nothing

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        """Refuse two sizes, and none."""
        if (self.share is None) == (self.rows is None):
            how = "neither share nor rows; give one" if self.share is None else "both share and rows; keep one"
            raise PydanticCustomError(OWN_ERROR, "found {how}", {"how": how})
        return self


def _held_out_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "<source>" if "use" in value else "<rows>"
    kinds = {float: "<share>", int: "<number>", str: "<file>", Component: "<source>"}
    return kinds.get(type(value), "<rows>")


HeldOut = Annotated[
    Annotated[float, Tag("<share>")]
    | Annotated[int, Tag("<number>")]
    | Annotated[str, Tag("<file>")]
    | Annotated[Component, Tag("<source>")]
    | Annotated[HeldOutRows, Tag("<rows>")],
    Discriminator(_held_out_kind),
    BeforeValidator(_refuse_amount),
]
HELD_OUT = "held-out"  # the task of the held-out rows


class InlineTask(Section):
    """Retrieval of each pair's positive from its anchor, on rows held out from training."""

    name: str = Field(min_length=1, description="what the report calls the task")
    source: Component = Field(description="the held-out pairs, a component")


def _entry_kind(entry: Any) -> str:
    return "<suite>" if isinstance(entry, str) else "<task>"


AfterEntry = Annotated[
    Annotated[str, Tag("<suite>")] | Annotated[InlineTask, Tag("<task>")], Discriminator(_entry_kind)
]


class During(Section):
    """What is scored while the run goes on, and what follows from it."""

    suite: str | None = None  # the name or the path of a suite; or else
    tasks: tuple[AfterEntry, ...] = ()  # suites, users' sets, inline tasks, held-out
    every: Count = Field(description="how many steps lie between two scorings")
    keep_best_by: str | None = None  # task/metric, as in stsb-dev/spearman; null: with patience that of held-out
    patience: Count | None = None  # scorings in a row without a gain, after which the run ends; null: it does not
    beyond_noise: bool = False  # count as a gain only what is beyond the noise of its interval

    @property
    def entries(self) -> dict[str, str | InlineTask]:
        """What is scored, by its location in the section."""
        suite = {} if self.suite is None else {"suite": self.suite}
        return suite | {f"tasks.{number}": entry for number, entry in enumerate(self.tasks)}

    @property
    def keeps_best(self) -> bool:
        """Whether the best model is kept."""
        return self.keep_best_by is not None or self.patience is not None

    @field_validator("tasks", mode="before")
    @classmethod
    def _one_task(cls, tasks: object) -> object:
        """Take one task for a list of it."""
        named = [tasks] if isinstance(tasks, str | dict) else tasks
        return tuple(named) if isinstance(named, list) else named

    @model_validator(mode="after")
    def _some_task(self) -> Self:
        """Refuse to score nothing."""
        if not self.entries:
            raise PydanticCustomError(OWN_ERROR, "found no tasks; give some, as in tasks: [held-out]")
        if self.beyond_noise and self.patience is None:
            raise PydanticCustomError(OWN_ERROR, "beyond_noise is true, but nothing is counted: give patience, as in 3")
        if self.patience is not None and self.keep_best_by is None and HELD_OUT not in self.tasks:
            words = "patience counts by one score: give keep_best_by, as in stsb-dev/spearman, or score held-out"
            raise PydanticCustomError(OWN_ERROR, words)
        return self


class TeacherSection(Section):
    """A teacher that reads one text of a row, and whose vector of it all texts of the row are to follow."""

    model: str = Field(description="the teacher, named as a backbone is")
    reads: Literal["anchor", "positive"] = Field(description="anchor or positive")


def _teacher_kind(value: Any) -> str:
    return "<model>" if isinstance(value, str) else "<teacher>"


Teacher = Annotated[
    Annotated[str, Tag("<model>")] | Annotated[TeacherSection, Tag("<teacher>")], Discriminator(_teacher_kind)
]
