"""Every component's docstring ends with an example that builds, and the tables of the docs are made of docstrings."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from torch import nn

import textcl.objectives
from tests.recipe.component_tables import PAGE, updated
from tests.recipe.minimal import minimal
from tests.tiny import masked_language_model
from tests.wordnet_sample import write_wordnet
from textcl.errors import RecipeError
from textcl.recipe.catalogue import ROOMS, Entry, entries, entry
from textcl.recipe.components import AUGMENTATION, OBJECTIVE, SOURCE, build
from textcl.recipe.load import parse

ALL = {each.name: each for room in ROOMS for each in entries(room)}
SEEDS = range(300)  # among which one makes of a text what its example says
WIDTH = 384  # of the encoder


def component_of(each: Entry) -> dict[str, Any]:
    """The component that the example is about."""
    section = each.section()
    if each.room is OBJECTIVE:
        return section["objective"]
    (component,) = section["data"]["sources"] if each.room is SOURCE else next(iter(section.values()))
    return component


def recipe_with(each: Entry) -> dict[str, Any]:
    """A recipe in which the example stands."""
    if each.room in (OBJECTIVE, SOURCE):
        return minimal(**each.section())
    views = [{"role": "anchor"}, {"role": "positive", **each.section()}]
    return minimal(data={"sources": [{"use": "TextLines", "path": "lines.txt"}], "views": views})


@pytest.mark.parametrize("name", ALL)
def test_every_docstring_ends_with_an_example_that_the_loader_accepts(name: str) -> None:
    assert component_of(ALL[name])["use"] == name
    parse(recipe_with(ALL[name]))


@pytest.mark.parametrize("name", OBJECTIVE.names())
def test_the_example_of_an_objective_builds_and_fits_four_lines(name: str) -> None:
    known = {"dimension": WIDTH, "teacher_dimension": WIDTH, "make_decoder": nn.Identity}
    assert type(build(component_of(ALL[name]), OBJECTIVE, "objective", known)) is getattr(textcl.objectives, name)
    assert len(ALL[name].example.splitlines()) <= 5  # the section's name, and four lines


def write_rows(path: Path, names: tuple[str, ...]) -> None:
    """Two rows of a table with these columns, in the format that the name of the file says."""
    rows = [{name: "4" if name == "score" else f"{name} {row}" for name in names} for row in range(2)]
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    elif path.suffix == ".arrow":
        pyarrow.feather.write_feather(table, str(path))
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        mark = {".csv": ";", ".tsv": "\t"}[path.suffix]
        lines = [mark.join(names), *(mark.join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_beir(folder: Path) -> None:
    (folder / "qrels").mkdir(parents=True)
    for name in ("corpus", "queries"):
        lines = [json.dumps({"_id": str(row), "text": f"{name} {row}"}) for row in range(2)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n0\t1\t1\n1\t0\t1\n", encoding="utf-8")


def write_texts(folder: Path) -> None:
    for path in ("a.txt", "b.txt", "corpora/wiki.txt", "corpora/news.txt"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("one line\nanother line\n", encoding="utf-8")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the examples read, as the folder in which textcl was started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_texts(tmp_path)
    for name in ("JsonLines", "CSV", "TSV", "Parquet", "Arrow"):
        component = component_of(ALL[name])
        columns = (component.get(role) for role in ("anchor", "positive", "negative", "score", "label"))
        names = [name for column in columns if column for name in ([column] if isinstance(column, str) else column)]
        write_rows(tmp_path / component["path"], tuple(names))
    write_beir(tmp_path / "beir" / "scifact")
    hub = [{"anchor": "a", "positive": "p", "negative": "n"}] * 2
    monkeypatch.setattr("datasets.load_dataset", lambda *given, **settings: hub)
    (tmp_path / "kept.jsonl").write_text(translated(ALL["BackTranslated"]), encoding="utf-8")
    return tmp_path


def translated(each: Entry) -> str:
    before, after = change_of(each)
    return json.dumps({"text": before, "translations": [after]}) + "\n"


def change_of(each: Entry) -> tuple[str, str]:
    """What a text is before and after, in the comments of an example."""
    lines = [line.removeprefix("# ") for line in each.example.splitlines() if line.startswith("# ")]
    found = dict(line.split(": ", 1) for line in lines)
    return found["before"], found["after"]


def with_files(component: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The component with what another machine may lack: WordNet, a model of the Hub."""
    here: dict[str, Callable[[], dict[str, str]]] = {
        "WordNet": lambda: {"path": str(write_wordnet(folder / "wordnet"))},
        "Synonyms": lambda: {"folder": str(write_wordnet(folder / "wordnet"))},
        "MaskedSubstitution": lambda: {"model": masked_language_model(folder / "model")},
    }
    return component | here.get(component["use"], dict)()


@pytest.mark.parametrize("name", SOURCE.names())
def test_the_example_of_a_source_reads_rows(name: str, files: Path) -> None:
    scored = {"anchor": "a", "positive": "p", "negatives": ["n"], "positive_score": 0.9, "scores": [0.1]}
    (files / "scored.jsonl").write_text(f"{json.dumps(scored)}\n" * 2)
    known = {"make_file": lambda settings: files / "scored.jsonl"}  # of documents
    source = build(with_files(component_of(ALL[name]), files), SOURCE, "data.sources.0", known)
    assert source[0].anchor
    assert len(source) >= 2


@pytest.mark.parametrize("name", [each.name for room in ROOMS[1:3] for each in entries(room)])
def test_the_example_of_an_augmentation_builds_and_makes_of_a_text_what_it_says(name: str, files: Path) -> None:
    augmentation = build(with_files(component_of(ALL[name]), files), ALL[name].room, "augment")
    if ALL[name].room is AUGMENTATION and name != "MaskedSubstitution":  # the words of a real model are not known here
        before, after = change_of(ALL[name])
        assert before != after
        assert after in {augmentation(before, random.Random(seed)) for seed in SEEDS}


@pytest.mark.parametrize("name", OBJECTIVE.names())
def test_the_first_line_of_an_objective_says_what_others_call_it(name: str) -> None:
    assert ALL[name].summary.endswith(").")
    assert "(" in ALL[name].summary


def test_the_tables_in_the_docs_are_those_of_the_docstrings() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == updated(page), "run: make components"


def test_the_settings_of_a_component_are_those_that_a_recipe_may_give() -> None:
    assert ALL["MoCo"].settings["queue_size"] == "512"
    assert ALL["Matryoshka"].settings == {"objective": "", "dimensions": "", "weights": "null"}


def test_a_component_that_is_not_there_is_named_with_its_neighbour() -> None:
    with pytest.raises(RecipeError, match=r"There is no component 'SimCLS'.*Did you mean 'SimCLR'\?"):
        entry("SimCLS")
