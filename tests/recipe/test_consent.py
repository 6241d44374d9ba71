"""A recipe runs no code outside textcl unless who runs it has allowed that."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.recipe.minimal import errors_of, minimal, write_recipe_file
from textcl.errors import RecipeError
from textcl.recipe import components
from textcl.recipe.load import load_recipe, parse, resolved
from textcl.workflows.run.build import views_of

KINDS = "tests.recipe.kinds"
STRANGER = """
from pathlib import Path
from textcl.types import Augmentation

Path("imported").touch()

class Shout(Augmentation):
    def __call__(self, text, rng):
        return text.upper()
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module that leaves a file where it is imported."""
    path = tmp_path / "stranger_components.py"
    path.write_text(STRANGER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield path
    sys.modules.pop(path.stem, None)


def changing(use: str, **settings: object) -> dict[str, Any]:
    """A recipe that names an augmentation."""
    views = [{"role": "anchor"}, {"role": "positive", "augment": [{"use": use, **settings}]}]
    return minimal(data={"sources": [{"use": "TextLines", "path": "lines.txt"}], "views": views})


def test_a_class_of_another_package_is_not_even_imported(stranger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(stranger.parent)
    assert errors_of(stranger.parent, changing("stranger_components:Shout")) == [
        "data.views.1.augment.0.use: stranger_components:Shout is code outside textcl, and none of it was imported: a "
        f"recipe cannot allow that. It would run {stranger}. If you trust that code, repeat the command with "
        "--allow-code stranger_components (in Python: allow_code=('stranger_components',))."
    ]
    assert not Path("imported").exists()


@pytest.mark.parametrize("use", ["sympy:Lambda", "numpy:ndarray", "builtins:type", "os:system", "textcl.errors:Path"])
def test_what_is_imported_already_is_no_component_either(tmp_path: Path, use: str) -> None:
    (line,) = errors_of(tmp_path, changing(use, signature="x", expr="1"))
    assert line.startswith(f"data.views.1.augment.0.use: {use} is ")


@pytest.mark.parametrize("name", ["Callable", "Idle", "NoSource", "Wrapped"])
def test_a_class_that_is_no_component_is_refused_though_its_package_is_allowed(tmp_path: Path, name: str) -> None:
    assert errors_of(tmp_path, changing(f"{KINDS}:{name}"), allow_code=[KINDS]) == [
        f"data.views.1.augment.0.use: {KINDS}:{name} is no augmentation: that is a class with "
        "textcl.types.Augmentation as its base."
    ]


def test_an_entry_point_registers_a_class_without_our_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "is_registered", lambda use: use == f"{KINDS}:Callable")
    assert parse(changing(f"{KINDS}:Callable"), allow_code=[KINDS])
    assert "is code outside textcl" in errors_of(tmp_path, changing(f"{KINDS}:Callable"))[0]


@pytest.mark.parametrize(
    ("allowed", "is_enough"),
    [("tests", True), ("tests.recipe", True), (KINDS, True), ("test", False), ("tests.recipe.kind", False)],
)
def test_consent_covers_a_module_and_what_is_inside(allowed: str, is_enough: bool) -> None:
    raw = changing(f"{KINDS}:Shout")
    if is_enough:
        assert parse(raw, allow_code=[allowed]).allow_code == (allowed,)
    else:
        with pytest.raises(RecipeError, match="outside textcl"):
            parse(raw, allow_code=[allowed])


def test_a_file_is_allowed_by_its_path(stranger: Path) -> None:
    recipe = load_recipe(
        write_recipe_file(stranger.parent, changing("stranger_components:Shout")), allow_code=[f"./{stranger.name}"]
    )
    assert Path("imported").exists()
    assert recipe.data.views is not None


def test_a_file_that_another_module_hides_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text(STRANGER, encoding="utf-8")
    (line,) = errors_of(tmp_path, changing("random:Shout"), allow_code=[str(tmp_path / "random.py")])
    assert "the module random is " in line
    assert "Give the file another name." in line


@pytest.mark.parametrize("entry", ["a b", "", "my_package:Class", "./none.py", "-x"])
def test_what_no_code_can_be_is_not_allowed(entry: str) -> None:
    with pytest.raises(RecipeError, match=r"^--allow-code .*neither a Python package"):
        parse(minimal(), allow_code=[entry])


def test_a_text_is_not_read_as_a_tuple_of_characters() -> None:
    with pytest.raises(RecipeError, match=r"must be a tuple: \('tests',\)"):
        parse(minimal(), allow_code="tests")


def test_consent_is_no_part_of_a_recipes_yaml(tmp_path: Path) -> None:
    text = resolved(parse(changing(f"{KINDS}:Shout"), allow_code=["tests"]))
    assert "allow" not in text
    with pytest.raises(RecipeError, match="outside textcl"):
        load_recipe(write_recipe_file(tmp_path, text))
    for name in ("allow_code", "_allow_code"):
        assert errors_of(tmp_path, minimal(**{name: ["tests"]}))[0].startswith(f"{name}: a recipe has no such setting")


def test_what_is_built_later_needs_the_same_consent() -> None:
    recipe = parse(changing(f"{KINDS}:Shout"), allow_code=["tests"])
    with pytest.raises(RecipeError, match="outside textcl"):
        views_of(recipe.allowing(()), recipe.data.views, [None], "data.views", 1)  # type: ignore[list-item]


@pytest.mark.parametrize("use", [":x", "..x:y", "a b:c", "os.path:", "a:b:c", "x\ny:z"])
def test_what_names_no_class_is_told(tmp_path: Path, use: str) -> None:
    assert "is named my_package.module:Class" in errors_of(tmp_path, changing(use))[0]


@pytest.mark.parametrize(
    ("code", "said"), [("1 / 0", "ZeroDivisionError: division by zero"), ("raise SystemExit(3)", "SystemExit: 3")]
)
def test_code_that_fails_when_it_is_imported_is_told_with_its_location(stranger: Path, code: str, said: str) -> None:
    stranger.write_text(code, encoding="utf-8")
    assert errors_of(stranger.parent, changing("stranger_components:Shout"), allow_code=[str(stranger)]) == [
        f"data.views.1.augment.0.use: stranger_components cannot be imported: {said}"
    ]
