"""Components are checked against their constructor's signature, spelled out, and built."""

from pathlib import Path
from typing import Any

import pytest

from tests.recipe.kinds import Pieces, Shout, Side, Wrapped
from tests.recipe.minimal import errors_of, minimal, write_recipe_file
from textcl.data.sources.concatenation import Concatenation
from textcl.data.sources.text_files import TextLines
from textcl.errors import DataError, RecipeError
from textcl.objectives.info_nce import InfoNCE
from textcl.recipe.components import (
    AUGMENTATION,
    INPUT_AUGMENTATION,
    OBJECTIVE,
    SOURCE,
    build,
    component_errors,
    spelled_out,
)
from textcl.recipe.load import load_recipe

KINDS = "tests.recipe.kinds"
TAKES = "temperature, learns_temperature, directions, partition_mode, hardness_mode, hardness_strength, "
TAKES += "margin, guide, guide_margin, guide_margin_strategy"
WRAPPED = {"use": f"{KINDS}:Wrapped", "objective": {"use": "InfoNCE", "temperature": 0.1}}


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (
            {"use": "InfoNCE", "temprature": 0.1},
            f"objective.temprature: InfoNCE has no such setting. It takes {TAKES}. Did you mean 'temperature'?",
        ),
        (
            {"use": "InfoNCE", "temperature": "low"},
            "objective.temperature: found 'low', but InfoNCE takes a number here.",
        ),
        (
            {"use": "InfoNCE", "learns_temperature": 1},
            "objective.learns_temperature: found 1, but InfoNCE takes true or false here.",
        ),
        (
            {"use": "InfoNCS"},
            f"objective.use: there is no objective 'InfoNCS'. textcl has {', '.join(OBJECTIVE.names())}; your own is "
            "written my_package.module:Class. Did you mean 'InfoNCE'?",
        ),
        (
            {"use": "no_such_package.losses:Mine"},
            "objective.use: found 'no_such_package.losses:Mine', but there is no module 'no_such_package'. Install it, "
            "or name the folder that holds it in PYTHONPATH.",
        ),
        (
            {"use": f"{KINDS}:Wraped"},
            f"objective.use: module {KINDS} has no class 'Wraped'. Did you mean 'Wrapped'?",
        ),
        (
            {"use": f"{KINDS}:NoSource"},
            f"objective.use: {KINDS}:NoSource is no objective: that is a class with textcl.types.Objective as its "
            "base.",
        ),
        (
            {"use": "textcl.types:Objective"},
            f"objective.use: textcl.types:Objective is no objective. textcl has {', '.join(OBJECTIVE.names())}.",
        ),
        (
            {"use": f"{KINDS}:no_class"},
            f"objective.use: {KINDS}:no_class is no class.",
        ),
        (
            {"use": f"{KINDS}:Wrapped"},
            "objective.objective: missing, but Wrapped needs Objective here. Write it in the recipe, or on the command "
            "line as objective.objective=OBJECTIVE.",
        ),
        (
            {"use": f"{KINDS}:Wrapped", "objective": {"use": "InfoNCE", "tau": 1}},
            f"objective.objective.tau: InfoNCE has no such setting. It takes {TAKES}.",
        ),
        (
            {**WRAPPED, "side": "up"},
            "objective.side: found 'up', but Wrapped takes left or right here.",
        ),
        (
            {**WRAPPED, "widths": [8, "wide"]},
            'objective.widths: found [8, "wide"], but Wrapped takes a list of a whole number here.',
        ),
    ],
)
def test_a_setting_that_the_constructor_would_not_take_is_told(
    tmp_path: Path, objective: dict[str, Any], message: str
) -> None:
    assert errors_of(tmp_path, minimal(objective=objective), allow_code=[KINDS]) == [message]


def test_null_for_a_needed_setting_says_how_to_give_it(tmp_path: Path) -> None:
    assert errors_of(tmp_path, minimal(data={"sources": [{"use": "TextLines", "path": None}]})) == [
        "data.sources.0.path: found null, but TextLines needs text here. Write it in the recipe, or on the command "
        "line as data.sources.0.path=PATH."
    ]


def test_components_are_checked_wherever_they_stand(tmp_path: Path) -> None:
    raw = minimal(
        data={
            "sources": [{"use": "TextLines", "path": "a"}, {"use": "TextLine", "path": "b"}],
            "views": [{"role": "anchor"}, {"role": "positive", "augment": [{"use": "SpanCrop", "lo": 0.5}]}],
        },
        evaluation={"after": ["sts-smoke", {"name": "held-out", "source": {"use": "Docstrings", "packages": "scipy"}}]},
    )
    assert [line.partition(": ")[0] for line in errors_of(tmp_path, raw)] == [
        "data.sources.1.use",
        "data.views.1.augment.0.lo",
        "evaluation.after.1.source.packages",
    ]


def test_a_change_of_texts_and_one_of_inputs_do_not_take_each_others_locations(tmp_path: Path) -> None:
    views = [
        {"role": "anchor", "augment": [{"use": "textcl.augment:TokenCutoff"}]},
        {"role": "positive", "input": [{"use": "SpanCrop"}, {"use": "TokenCutoff", "rat": 0.1}]},
    ]
    lines = errors_of(tmp_path, minimal(data={"sources": [{"use": "TextLines", "path": "a"}], "views": views}))
    assert [line.partition(". ")[0] for line in lines] == [
        "data.views.0.augment.0.use: textcl.augment:TokenCutoff is no augmentation",
        "data.views.1.input.0.use: there is no input augmentation 'SpanCrop'",
        "data.views.1.input.1.rat: TokenCutoff has no such setting",
    ]


def test_what_is_no_component_of_a_room_is_no_name_of_it() -> None:
    files = {"Arrow", "CSV", "FolderLines", "FolderTexts", "JsonLines", "Parquet", "TSV", "TextLines"}
    assert set(SOURCE.names()) == files | {"BEIR", "Concatenation", "Docstrings", "Documents", "HubDataset", "WordNet"}
    assert "InfoNCE" in OBJECTIVE.names()
    assert "SpanCrop" in AUGMENTATION.names()
    assert "TokenCutoff" in INPUT_AUGMENTATION.names()
    assert not set(AUGMENTATION.names()) & set(INPUT_AUGMENTATION.names())


def test_a_union_is_described_in_words() -> None:
    component = {"use": f"{KINDS}:Pieces", "folder": "x", "limit": "all", "weights": 5}
    assert component_errors(component, SOURCE, "here", [KINDS]) == [
        "here.limit: found 'all', but Pieces takes a whole number or null here.",
        "here.weights: found 5, but Pieces takes a list of a number or text here.",
    ]


def test_defaults_are_spelled_out_inner_ones_too() -> None:
    spelled = spelled_out(WRAPPED, OBJECTIVE, "objective", [KINDS])
    inner = spelled["objective"]
    assert {name: inner[name] for name in ("use", "temperature", "directions")} == {
        "use": "InfoNCE",
        "temperature": 0.1,
        "directions": ["query_to_doc"],
    }
    assert {**spelled, "objective": None} == {
        "use": f"{KINDS}:Wrapped",
        "objective": None,
        "widths": [8, 4],
        "side": "left",
    }


def test_inner_components_are_built_and_values_become_what_annotations_say() -> None:
    objective = build({**WRAPPED, "widths": [2], "side": "right"}, OBJECTIVE, "objective", allow_code=[KINDS])
    assert isinstance(objective, Wrapped)
    assert isinstance(objective.objective, InfoNCE)
    assert objective.objective.readings() == {"temperature": 0.1}
    assert objective.widths == (2,)
    assert objective.side is Side.RIGHT


def test_lists_of_components_are_built(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n", encoding="utf-8")
    inner = [{"use": "TextLines", "path": str(tmp_path / "a.txt")}, {"use": f"{KINDS}:Pieces", "folder": "x"}]
    source = build({"use": "Concatenation", "sources": inner}, SOURCE, "data.sources.0", allow_code=[KINDS])
    assert isinstance(source, Concatenation)
    assert [source[row].anchor for row in range(4)] == ["one", "two", "text 0", "text 1"]


def test_a_users_own_class_is_built() -> None:
    source = build({"use": f"{KINDS}:Pieces", "folder": "x"}, SOURCE, "data.sources.0", allow_code=[KINDS])
    assert isinstance(source, Pieces)
    assert source.folder == Path("x")
    assert isinstance(build({"use": f"{KINDS}:Shout"}, AUGMENTATION, "a", allow_code=[KINDS]), Shout)


def test_what_a_constructor_refuses_is_told_with_its_location() -> None:
    with pytest.raises(RecipeError, match=r"^objective: temperature: found -1.0, but similarities are divided by it"):
        build({"use": "InfoNCE", "temperature": -1.0}, OBJECTIVE, "objective")


def test_an_error_of_the_data_keeps_its_kind_and_gets_its_location(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.txt")
    with pytest.raises(DataError, match=r"^data\.sources\.0: .*none\.txt"):
        build({"use": "TextLines", "path": missing}, SOURCE, "data.sources.0")


def test_a_column_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"anchor": "x", "positive": "y"}\n', encoding="utf-8")
    component = {"use": "JsonLines", "path": str(tmp_path / "a.jsonl"), "positive": "nobody"}
    with pytest.raises(DataError, match=r"^data\.sources\.0: .*no column 'nobody'"):
        build(component, SOURCE, "data.sources.0")


def test_a_source_is_not_opened_when_a_recipe_is_checked(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe_file(tmp_path, minimal()))
    assert recipe.data.sources[0].settings == {"path": "lines.txt"}
    assert not Path("lines.txt").exists()
    with pytest.raises(DataError):
        TextLines("lines.txt")
