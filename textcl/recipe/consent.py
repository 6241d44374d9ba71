"""Consent to code outside textcl: a recipe may name a class of it, but only who runs the recipe lets it be imported."""

import importlib
import importlib.machinery
import inspect
import os
import re
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from textcl.errors import RecipeError, suggestion

ENTRY_POINTS = "textcl.components"  # the group by which a package registers classes that have no base of ours
let_in: dict[str, tuple[type, list[str]]] = {}  # classes that this process has let in, and where recipes name them
_FRAME = re.compile(r'^ *File "(.+)", line (\d+), in (.+)(?:\n    (.*))?', re.M)  # of a traceback that is written out


def checked_consent(allow_code: Sequence[str]) -> tuple[str, ...]:
    """Return what `--allow-code` names, each a package, a module or a Python file.

    Raises:
        RecipeError: An entry is none of them.
    """
    if isinstance(allow_code, str):  # a text is a sequence too, of characters
        raise RecipeError(f"allow_code: found the text '{allow_code}', but it must be a tuple: ('{allow_code}',).")
    if not isinstance(allow_code, Sequence) or not all(isinstance(entry, str) for entry in allow_code):
        raise RecipeError("allow_code: it must be a tuple of names of packages and files, as in ('my_package',).")
    for entry in allow_code:
        if not (_file_of(entry).is_file() if _is_file(entry) else _is_module(entry)):
            raise RecipeError(
                f"--allow-code {entry}: that is neither a Python package or module, as in my_package, nor a file of "
                "Python that is here, as in ./my_components.py."
            )
    return tuple(allow_code)


def outside_class(use: str, location: str, allow_code: Sequence[str]) -> type:
    """Import the class that `my_package.module:Class` names, if it is allowed.

    Args:
        use: As the recipe writes it.
        location: Where it stands in the recipe.
        allow_code: What may be imported: packages and modules by name, files by path.

    Raises:
        RecipeError: It is not allowed, and nothing was imported; or there is no such class.
    """
    module, _, name = use.partition(":")
    if not _is_module(module) or not name.isidentifier():
        raise RecipeError(f"{location}.use: found {use!r}, but a class is named my_package.module:Class.")
    _refuse_unallowed(use, module, location, allow_code)
    imported = _import(use, module, location, allow_code)
    found = getattr(imported, name, None)
    if found is None:
        raise RecipeError(f"{location}.use: module {module} has no class '{name}'.{suggestion(name, vars(imported))}")
    if not inspect.isclass(found):
        raise RecipeError(f"{location}.use: {use} is no class.")
    _, locations = let_in.setdefault(use, (found, []))
    if location not in locations:
        locations.append(location)
    return found


def outside_failure(error: BaseException) -> str | None:
    """Return what is to be said of an error of code outside textcl that a recipe has named; None: it is no such error.

    The first line names where the recipe names the class, the class and the error; then come the lines of that code
    which led to it, but not those of textcl, and what is noted of the error.

    Args:
        error: As it was raised, here or in a process that does part of the work.
    """
    text = "".join(traceback.format_exception(error))
    frames = [(os.path.realpath(file), int(line), *rest) for file, line, *rest in _FRAME.findall(text)]
    own = [frame for frame in frames if any(_is_of(frame[0], cls) for cls, _ in let_in.values())]
    if not own:
        return None
    inside = [use for file, line, *_ in own for use, (cls, _) in let_in.items() if _holds(cls, file, line)]
    uses = inside[:1] or [use for use, (cls, _) in let_in.items() if _is_of(own[0][0], cls)]
    where = ", ".join(dict.fromkeys(location for use in uses for location in let_in[use][1]))
    words = [f"{type(error).__name__}: {error}".removesuffix(": "), *getattr(error, "__notes__", ())]
    lines = [f"{file}, line {line}, in {function}: {code}".removesuffix(": ") for file, line, function, code in own]
    return "\n".join((f"{where}: {' or '.join(uses)} raised {words[0]}", *dict.fromkeys(lines), *words[1:], _WHOLE))


_WHOLE = "It is code outside textcl. TEXTCL_DEBUG=1 shows the whole traceback."


def _is_of(file: str, cls: type) -> bool:
    """Say whether a file is that of a class, or of the package that it is in."""
    module = sys.modules.get(cls.__module__.partition(".")[0])
    root = Path(os.path.realpath(getattr(module, "__file__", None) or "/"))
    return Path(file) == root or (hasattr(module, "__path__") and root.name != "" and root.parent in Path(file).parents)


def _holds(cls: type, file: str, line: int) -> bool:
    """Say whether a line of a file is of a class, or of one that it is made of."""
    for base in cls.__mro__:
        try:
            source, first = inspect.getsourcelines(base)
            if line in range(first, first + len(source)) and file == os.path.realpath(inspect.getfile(base)):
                return True
        except (OSError, TypeError):  # there is no source to be had
            continue
    return False


def is_registered(use: str) -> bool:
    """Say whether an installed package registers a class as a component of textcl."""
    return any(entry.value.replace(" ", "") == use for entry in entry_points(group=ENTRY_POINTS))


def _refuse_unallowed(use: str, module: str, location: str, allow_code: Sequence[str]) -> None:
    if any(_covers(entry, module) for entry in allow_code):
        return
    top = module.partition(".")[0]
    origin = _origin(top)
    if origin is None:
        raise RecipeError(
            f"{location}.use: found '{use}', but there is no module '{top}'. Install it, or name the folder "
            f"that holds it "
            "in PYTHONPATH."
        )
    raise RecipeError(
        f"{location}.use: {use} is code outside textcl, and none of it was imported: a recipe cannot allow "
        f"that. It would "
        f"run {origin}. If you trust that code, repeat the command with --allow-code {top} (in Python: "
        f"allow_code=('{top}',))."
    )


def _covers(entry: str, module: str) -> bool:
    return _file_of(entry).stem == module if _is_file(entry) else f"{module}.".startswith(f"{entry}.")


def _origin(top: str) -> str | None:
    """Return the file of a top-level module without importing it; None where there is no such module."""
    if top in sys.builtin_module_names:
        return f"Python's own {top}"
    spec = importlib.machinery.PathFinder.find_spec(top)
    if spec is None:
        return None
    return spec.origin or next(iter(spec.submodule_search_locations or ()), top)


def _import(use: str, module: str, location: str, allow_code: Sequence[str]) -> ModuleType:
    file = next((_file_of(entry) for entry in allow_code if _is_file(entry) and _covers(entry, module)), None)
    if file is not None and str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))  # last, so that it hides no other module; workers look there too
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"{location}.use: found '{use}', but there is no module '{error.name}'. Install it, or name the "
            f"folder that "
            "holds it in PYTHONPATH."
        ) from None
    except (Exception, SystemExit) as error:  # what other people's code raises when it is imported
        raise RecipeError(f"{location}.use: {module} cannot be imported: {type(error).__name__}: {error}") from error
    if file is not None and Path(imported.__file__ or "").resolve() != file:
        raise RecipeError(
            f"{location}.use: the module {module} is {imported.__file__ or 'part of Python'}, not the file {file} that "
            "was allowed. Give the file another name."
        )
    return imported


def _is_file(entry: str) -> bool:
    return entry.endswith(".py")


def _file_of(entry: str) -> Path:
    return Path(os.path.realpath(Path(entry).expanduser()))


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))
