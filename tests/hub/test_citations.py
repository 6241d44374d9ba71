"""Every method that textcl has is credited, or known to rest on no paper."""

import re

import pytest

import textcl.augment
import textcl.data
import textcl.objectives
from tests.recipe.minimal import minimal
from textcl.hub.card import citations, entries, papers_of
from textcl.recipe.load import load_recipe, parse
from textcl.util import installed as shelf


def keys(recipe: dict[str, object]) -> list[str]:
    return [re.match(r"@\w+\{(\w+),", entry)[1] for entry in citations(recipe)]


METHODS = {name: getattr(room, name) for room in (textcl.objectives, textcl.augment) for name in room.__all__}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_names_papers_unless_its_source_says_that_it_rests_on_none(name: str) -> None:
    source = METHODS[name].__doc__.partition("Source:")[2].split()[0]
    assert bool(papers_of(name)) is not source.startswith("None")


def test_each_key_has_an_entry_and_each_entry_is_whole() -> None:
    cited = {key for name in (*METHODS, *textcl.data.__all__) for key in papers_of(name)}
    always = {"gao2021simcse", "reimers2019sbert", "gao2021gradcache"}
    assert cited | always | {"solatorio2024gist", "reimers2020multilingual"} == set(entries())
    for entry in entries().values():
        assert entry.count("{") == entry.count("}")
        assert all(f"  {field} = {{" in entry for field in ("title", "author", "year"))
        assert re.search(r"  (url|doi) = \{", entry)


@pytest.mark.parametrize(
    ("name", "papers"),
    [
        ("simcse", ["oord2018cpc", "gao2021simcse"]),
        ("esimcse", ["he2020moco", "cao2022mocose", "wu2022esimcse"]),
        ("declutr", ["oord2018cpc", "giorgi2021declutr"]),
        ("matryoshka", ["kusupati2022matryoshka", "oord2018cpc"]),
        ("pairs", ["oord2018cpc"]),
    ],
)
def test_the_bundled_recipes_cite_what_they_are_made_of(name: str, papers: list[str]) -> None:
    path = "data.sources.0.path=mine.txt"
    recipe = load_recipe(str(shelf.recipes_folder() / f"{name}.yaml"), [path]).model_dump(mode="json")
    assert keys(recipe) == [*papers, "reimers2019sbert", "gao2021gradcache"]


def test_a_guide_and_a_teacher_of_one_text_are_credited() -> None:
    guided = {"use": "InfoNCE", "guide": "some/model"}
    nested = {"use": "Sum", "objectives": [guided, {"use": "SupCon"}]}
    for objective in (guided, nested):
        assert "solatorio2024gist" in keys(parse(minimal(objective=objective)).model_dump(mode="json"))
    teacher = {"model": "some/model", "reads": "anchor"}
    taught = minimal(
        encoder={"backbone": "some/encoder", "teacher": teacher},
        objective={"use": "Distillation", "similarities": 0.0, "embeddings": 1.0},
    )
    assert "reimers2020multilingual" in keys(parse(taught).model_dump(mode="json"))
    plain = keys(parse(minimal()).model_dump(mode="json"))
    assert {"solatorio2024gist", "reimers2020multilingual"}.isdisjoint(plain)


def test_a_users_own_component_is_not_known_here() -> None:
    assert papers_of("Mine") == ()


def test_pairs_are_no_dropout_views() -> None:
    source = {"use": "JsonLines", "path": "pairs.jsonl"}
    paired = parse(minimal(data={"sources": [source]})).model_dump(mode="json")
    alone = parse(minimal(data={"sources": [{**source, "positive": None}]})).model_dump(mode="json")
    assert "gao2021simcse" not in keys(paired)
    assert "gao2021simcse" in keys(alone)
