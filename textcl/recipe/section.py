"""A section of a recipe; that of an adapter; and that of the Hub: what it accepts as names, and in the head of a card.

A wrong word there makes the Hub refuse the whole upload.
"""

import difflib
import re
from collections.abc import Callable
from typing import Annotated

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, though not in its __all__
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

OWN_ERROR = "own_error"  # the kind of error whose words are ours already


class Section(BaseModel):
    """A section: it cannot be changed, and knows no settings but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


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
