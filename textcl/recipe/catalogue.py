"""The components that textcl brings, as docstrings and signatures describe them: one line, settings, an example."""

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from textcl.errors import RecipeError, found, suggestion
from textcl.files.yaml import read_yaml
from textcl.recipe.components import AUGMENTATION, INPUT_AUGMENTATION, OBJECTIVE, SOURCE, Room
from textcl.recipe.signatures import is_required, parameters_of, plain_default

ROOMS = (OBJECTIVE, AUGMENTATION, INPUT_AUGMENTATION, SOURCE)
_EXAMPLE = "Example:\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """A component under the name that a recipe uses."""

    name: str
    room: Room
    component: type

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.docstring.partition("\n")[0]

    @property
    def docstring(self) -> str:
        """The docstring, without its indent."""
        return inspect.cleandoc(self.component.__doc__ or "")

    @property
    def example(self) -> str:
        """The YAML that ends the docstring, with its comments; empty where there is none."""
        return textwrap.dedent(self.docstring.partition(_EXAMPLE)[2])

    @property
    def settings(self) -> dict[str, str]:
        """The settings that a recipe may give, each with its default as a recipe writes it; empty: it must be given."""
        parameters = parameters_of(self.component).items()
        return {
            name: "" if is_required(parameter) else found(plain_default(parameter))
            for name, parameter in parameters
            if name not in self.room.filled_in
        }

    def section(self) -> Any:
        """Return the example as a recipe reads it: a section with the component in it.

        The result is `Any` because an example may stand in any section.
        """
        return read_yaml(self.example, self.name)

    def help(self) -> str:
        """Return all that is known of it: what it does, its arguments, its errors, its sources and an example."""
        return f"{self.name} ({self.room.noun})\n\n{self.docstring}"


def entries(room: Room) -> Iterator[Entry]:
    """Yield the components of a room, by name."""
    package = importlib.import_module(room.package)
    for name in room.names():
        yield Entry(name, room, getattr(package, name))


def entry(name: str) -> Entry:
    """Return a component by its name.

    Raises:
        RecipeError: There is none of that name.
    """
    known = {each.name: each for room in ROOMS for each in entries(room)}
    if name not in known:
        raise RecipeError(f"There is no component '{name}'. textcl has {', '.join(known)}.{suggestion(name, known)}")
    return known[name]


def tables() -> str:
    """Return all components as Markdown: a table for each kind, a row for each component."""
    return "\n\n".join(_table(room) for room in ROOMS)


def _table(room: Room) -> str:
    rows = [f"| `{each.name}` | {each.summary.rstrip('.')} | {_settings(each)} |" for each in entries(room)]
    return "\n".join([f"| {room.noun} | what it does | settings (defaults) |", "|---|---|---|", *rows])


def _settings(component: Entry) -> str:
    written = [f"`{name}`" + (f" ({default})" if default else "") for name, default in component.settings.items()]
    return ", ".join(written).replace("|", "\\|") or "none"
