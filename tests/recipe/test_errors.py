"""Every error of a recipe is told with its location, what was found and what would be right."""

from pathlib import Path
from typing import Any

import pytest

from tests.recipe.minimal import errors_of, minimal

SOURCES = [{"use": "TextLines", "path": "lines.txt"}]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"name": 17}, "name: found 17, but it must be text, in quotes: '17'."),
        (
            {"name": "a/b"},
            "name: found 'a/b', but it must be letters, digits, '.', '_' and '-', with no blank or slash.",
        ),
        ({"seed": -1}, "seed: found -1, but it must be at least 0."),
        (
            {"data": {"sources": SOURCES, "batch_size": "many"}},
            "data.batch_size: found 'many', but it must be a whole number.",
        ),
        ({"data": {"sources": SOURCES, "batch_size": 1}}, "data.batch_size: found 1, but it must be at least 2."),
        (
            {"data": {"sources": SOURCES, "max_length": 9.5}},
            "data.max_length: found 9.5, but it must be a whole number.",
        ),
        (
            {"data": {"sources": SOURCES, "max_length": {"anchor": 2}}},
            "data.max_length.anchor: found 2, but it must be at least 3.",
        ),
        (
            {"data": {"sources": SOURCES, "max_length": {"anker": 64}}},
            "data.max_length.anker: found 'anker', but it must be anchor, positive or negative.",
        ),
        ({"data": {"sources": SOURCES, "max_length": {}}}, "data.max_length: found {}, but it must hold at least 1."),
        ({"data": {"sources": []}}, "data.sources: found [], but it must hold at least 1."),
        ({"data": {"sources": "a.txt"}}, "data.sources: found 'a.txt', but it must be a list."),
        ({"data": {}}, "data.sources: missing. Give the texts to train on, a list of components."),
        ({"data": None}, "data: found null, but it must be a mapping of settings."),
        (
            {"data": {"sources": SOURCES, "views": [{"role": "anchr"}]}},
            "data.views.0.role: found 'anchr', but it must be anchor, positive or negative. Did you mean 'anchor'?",
        ),
        (
            {"encoder": {"backbone": "b", "pooling": "meen"}},
            "encoder.pooling: found 'meen', but it must be mean, cls, last, max, weighted_mean, mean_sqrt or several "
            "joined by +. Did you mean 'mean'?",
        ),
        ({"encoder": {"backbone": "b", "dropout": 1.0}}, "encoder.dropout: found 1.0, but it must be below 1.0."),
        (
            {"encoder": {"backbone": "b", "prompts": {"anker": "query: "}}},
            "encoder.prompts.anker: found 'anker', but it must be anchor, positive or negative.",
        ),
        (
            {"objective": "InfoNCE"},
            "objective: found 'InfoNCE', but it must be a component, as in {use: InfoNCE}.",
        ),
        (
            {"training": {"steps": 5, "epochs": 1}},
            "training: found both epochs and steps; keep one and set the other to null.",
        ),
        ({"training": {"clip": True}}, "training.clip: found true, but it must be a number."),
        ({"training": {"learning_rate": 0}}, "training.learning_rate: found 0, but it must be above 0.0."),
        (
            {"training": {"learning_rate": float("inf")}},
            "training.learning_rate: found Infinity, but it must be a finite number.",
        ),
        (
            {"training": {"precision": "fp8"}},
            "training.precision: found 'fp8', but it must be auto, bf16, fp16 or float32.",
        ),
        ({"training": {"schedule": None}}, "training.schedule: found null, but it must be linear or cosine."),
        (
            {"evaluation": {"after": ["stss"]}},
            "evaluation.after.0: there is no suite 'stss'. textcl brings classic, classification, "
            "clustering, geometry, nano, pairs, qa, scifact, sts, sts-dev, sts-smoke, tatoeba; a suite "
            "of your own is given by its path, ./mine.yaml, a set as in sts:FILE. Did you mean 'sts'?",
        ),
        ({"evaluation": {"after": "sts"}}, "evaluation.after: found 'sts', but it must be a list."),
        ({"evaluation": {"after": [5]}}, "evaluation.after.0: found 5, but it must be a mapping of settings."),
        (
            {"evaluation": {"after": [{"name": "pairs"}]}},
            "evaluation.after.0.source: missing. Give the held-out pairs, a component.",
        ),
        (
            {"evaluation": {"after": [{"name": "x", "source": SOURCES[0]}, {"name": "x", "source": SOURCES[0]}]}},
            "evaluation: two tasks are called 'x'; give each its own.",
        ),
        (
            {"evaluation": {"during": {"suite": "sts-dev"}}},
            "evaluation.during.every: missing. Give how many steps lie between two scorings.",
        ),
        (
            {"hub": {"license": "Apache 2"}},
            "hub.license: found 'Apache 2', but the Hub knows no such licence; the nearest is apache-2.0.",
        ),
        (
            {"hub": {"license": "mine"}},
            "hub.license: found 'mine', but the Hub knows no such licence; it has apache-2.0, mit, cc-by-4.0 … and "
            "other.",
        ),
        (
            {"hub": {"language": ["en", "English"]}},
            "hub.language.1: found 'English', but a language is written by its ISO 639 code, as in en, or as "
            "multilingual or code.",
        ),
        (
            {"hub": {"datasets": ["corpora/my/pairs"]}},
            "hub.datasets.0: found 'corpora/my/pairs', but a data set is named by its id on the Hub, as in "
            "sentence-transformers/all-nli.",
        ),
        (
            {"hub": {"repo": "me/my model"}},
            "hub.repo: found 'me/my model', but it must be a repository of the Hub, as in me/my-model.",
        ),
        (
            {"hub": {"best_on_the_way": True}},
            "the recipe: hub.best_on_the_way is true, but no best model is kept: give evaluation.during.keep_best_by.",
        ),
    ],
)
def test_an_error_names_its_location_and_what_would_be_right(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    assert errors_of(tmp_path, minimal(**sections)) == [message]


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        ({"model": "t"}, "encoder.teacher.reads: missing. Give anchor or positive."),
        ({"model": "t", "reads": "label"}, "encoder.teacher.reads: found 'label', but it must be anchor or positive."),
        ({"reads": "anchor"}, "encoder.teacher.model: missing. Give the teacher, named as a backbone is."),
    ],
)
def test_a_teacher_of_one_text_is_checked(tmp_path: Path, teacher: dict[str, str], message: str) -> None:
    assert errors_of(tmp_path, minimal(encoder={"backbone": "b", "teacher": teacher})) == [message]


def test_a_misspelt_setting_gets_the_list_of_settings_and_a_suggestion(tmp_path: Path) -> None:
    assert errors_of(tmp_path, minimal(encoder={"backbone": "b", "poling": "mean"})) == [
        "encoder.poling: encoder has no such setting. It takes backbone, pooling, layers, dropout, prompts, "
        "pool_prompt, random_init, is_causal, append_eos, new_words, weights, adapter, documents, teacher. Did "
        "you mean 'pooling'?"
    ]


def test_a_misspelt_section_gets_a_suggestion(tmp_path: Path) -> None:
    assert errors_of(tmp_path, minimal(trainig={})) == [
        "trainig: a recipe has no such setting. It takes name, seed, data, encoder, objective, training, evaluation, "
        "hub. Did you mean 'training'?"
    ]


def test_all_errors_are_told_at_once_those_of_components_too(tmp_path: Path) -> None:
    raw = minimal(objective={"use": "InfoNCE", "temprature": 1}, training={"steps": "few"}, seed="x")
    assert [line.partition(":")[0] for line in errors_of(tmp_path, raw)] == [
        "seed",
        "training.steps",
        "objective.temprature",
    ]


def test_a_list_with_faulty_entries_is_not_called_too_short_as_well(tmp_path: Path) -> None:
    assert errors_of(tmp_path, minimal(data={"sources": [5]})) == [
        "data.sources.0: found 5, but it must be a component, as in {use: Name}."
    ]


@pytest.mark.parametrize("raw", ["- a\n", "5\n", "", "text\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, raw: str) -> None:
    assert "a recipe is a mapping of sections" in errors_of(tmp_path, raw)[0]


def test_no_error_is_in_pydantics_own_words(tmp_path: Path) -> None:
    spoilt = minimal(name=None, seed=[], data=[], encoder=5, objective=[1], training="x", evaluation=1.5, hub=True)
    lines = errors_of(tmp_path, spoilt)
    assert len(lines) == 8
    assert not any(word in line for line in lines for word in ("Input", "valid ", "pydantic", "Extra"))
    assert all(": found " in line and " but it must " in line for line in lines)


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        (
            {"objective": {"use": "Sum", "objectives": [{"use": "InfoNCE"}, 7]}},
            "objective.objectives.1: found 7, but Sum takes a component here, as in {use: Name}.",
        ),
        (
            {"objective": {"use": "Sum", "objectives": [{"use": ["x"]}]}},
            'objective.objectives.0: found {"use": ["x"]}, but Sum takes a component here, as in {use: Name}.',
        ),
        (
            {"objective": {"use": "Matryoshka", "objective": "InfoNCE", "dimensions": [8]}},
            "objective.objective: found 'InfoNCE', but Matryoshka takes a component here, as in {use: Name}.",
        ),
        (
            {"objective": {"use": "InfoNCE", "temperature": float("nan")}},
            "objective.temperature: found NaN, but InfoNCE takes a number here.",
        ),
        (
            {"objective": {"use": "MoCo", "queue_size": [{"use": "InfoNCE"}]}},
            'objective.queue_size: found [{"use": "InfoNCE"}], but MoCo takes a whole number here.',
        ),
        (
            {"data": {"sources": SOURCES, "mixing": {"temperature": 1e-320}}},
            "data.mixing.temperature: found 1e-320, but it must be at least 0.05.",
        ),
        (
            {"data": {"sources": SOURCES, "mixing": {"weights": [1e308]}}},
            "data.mixing.weights.0: found 1e+308, but it must be at most 1000000000.0.",
        ),
        (
            {"data": {"sources": SOURCES, "workers": 2**63}},
            "data.workers: found 9223372036854775808, but it must be at most 1024.",
        ),
        (
            {"training": {"steps": 2**31}},
            "training.steps: found 2147483648, but it must be at most 2147483647.",
        ),
        (
            {"encoder": {"backbone": "~nobody_there/model"}},
            "encoder.backbone: found '~nobody_there/model', but there is no home folder ~nobody_there here.",
        ),
    ],
)
def test_a_value_of_another_kind_is_told_before_anything_is_built(
    tmp_path: Path, sections: dict[str, Any], line: str
) -> None:
    assert errors_of(tmp_path, minimal(**sections)) == [line]
