"""`textcl init`: what a file is taken for, and a recipe that runs as it is."""

import json
import math
import re
from pathlib import Path

import pytest

from tests.data.tables import KINDS, opened
from tests.tiny import SENTENCES
from textcl.errors import DataError
from textcl.recipe.load import load_recipe
from textcl.survey.survey import survey
from textcl.workflows.init import begin
from textcl.workflows.run.prepare import plan
from textcl.workflows.run.train import train_recipe

TEXTS = [f"{text} {word}" for text in SENTENCES for word in ("now", "then", "again", "never", "once", "here")][:24]
PAIRS = [{"question": text, "answer": f"{text} indeed"} for text in TEXTS]
HOLDS = {
    "sentences": ([{"text": text} for text in TEXTS], "SimCLR"),
    "pairs": (PAIRS, "InfoNCE"),
    "triplets": ([{**row, "hard_negative": f"not {row['question']}"} for row in PAIRS], "InfoNCE"),
    "scored pairs": ([{**row, "score": number / 4} for number, row in enumerate(PAIRS)], "CoSENT"),
    "labelled pairs": ([{**row, "label": number % 2} for number, row in enumerate(PAIRS)], "Contrastive"),
    "labelled texts": ([{"text": text, "label": f"c{number % 4}"} for number, text in enumerate(TEXTS)], "SupCon"),
}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("holds", HOLDS)
def test_the_recipe_of_every_kind_of_data_trains_as_it_is(holds: str, own_folder: Path, tiny_model_folder: Path):
    rows, objective = HOLDS[holds]
    done = begin(write(own_folder, rows), backbone=str(tiny_model_folder))
    assert done.reading.holds == holds
    recipe = load_recipe("mine.yaml")
    assert recipe.objective.use == objective
    assert ("Pairs teach more" in done.text) == (holds == "sentences")
    assert recipe.encoder.backbone == str(tiny_model_folder)
    planned = plan(recipe)
    assert (planned.rows, planned.parts[0].lengths.cut_share) == (24, 0)
    short = load_recipe("mine.yaml", ["training.steps=2", "training.epochs=null", "data.batch_size=8"])
    outcome = train_recipe(short, own_folder / "run")
    log = [json.loads(line) for line in (outcome.folder / "log.jsonl").read_text().splitlines()]
    assert all(math.isfinite(line["loss"]) and line["gradient_norm"] > 0 for line in log)


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gets_a_recipe_that_reads_it(kind: str, own_folder: Path, tiny_model_folder: Path):
    opened(own_folder, kind, PAIRS, anchor="question", positive="answer")
    done = begin(Path(kind), backbone=str(tiny_model_folder))
    assert done.found.is_whole
    assert done.recipe == Path("rows.yaml")
    assert plan(load_recipe("rows.yaml")).parts[0].examples[0].views[1].draws[0].text.endswith("indeed")


def test_text_folders_and_retrieval_sets_get_one_too(own_folder: Path, tiny_model_folder: Path):
    (own_folder / "texts").mkdir()
    (own_folder / "texts" / "a.txt").write_text("\n".join(TEXTS))
    begin(Path("texts"), backbone=str(tiny_model_folder))
    assert load_recipe("texts.yaml").data.sources[0].use == "FolderLines"
    (own_folder / "beir" / "qrels").mkdir(parents=True)
    for name in ("corpus", "queries"):
        rows = [json.dumps({"_id": str(row), "text": f"{name} {text}"}) for row, text in enumerate(TEXTS)]
        (own_folder / "beir" / f"{name}.jsonl").write_text("\n".join(rows))
    judged = "".join(f"{row}\t{row}\t1\n" for row in range(24))
    (own_folder / "beir" / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    begin(Path("beir"), backbone=str(tiny_model_folder))
    recipe = load_recipe("beir.yaml")
    assert recipe.data.sources[0].settings["qrels"] == "qrels/train.tsv"
    assert plan(recipe).rows == 24


def test_a_semicolon_between_fields_is_seen(own_folder: Path, tiny_model_folder: Path):
    (own_folder / "a.csv").write_text("frage;antwort\n" + "".join(f"{text};{text}, ja\n" for text in TEXTS))
    done = begin(Path("a.csv"), backbone=str(tiny_model_folder))
    assert done.reading.guessed == ("frage", "antwort")
    assert "guessed" in done.text
    assert plan(load_recipe("a.yaml")).rows == 24


def test_names_that_yaml_would_misread_are_quoted(own_folder: Path):
    rows = [{"no": f"{row} {text}", "a: b": f"{text} so"} for row, text in enumerate(TEXTS)]
    begin(write(own_folder, rows))
    assert load_recipe("mine.yaml").data.sources[0].settings["anchor"] == "no"
    assert load_recipe("mine.yaml").data.sources[0].settings["positive"] == "a: b"


def test_several_negatives_are_one_list(own_folder: Path):
    rows = [{**row, "negative_1": f"x {row['question']}", "negative_2": f"y {row['question']}"} for row in PAIRS]
    assert begin(write(own_folder, rows)).reading.negatives == ("negative_1", "negative_2")


@pytest.mark.parametrize("is_list", [True, False])
def test_negatives_of_varying_number_get_as_many_views_as_every_row_has(
    is_list: bool, own_folder: Path, tiny_model_folder: Path
):
    rows: list[dict[str, object]] = []
    for number, row in enumerate(PAIRS):
        negatives = [f"{word} {row['question']}" for word in ("not", "no", "never")][: 3 - number % 2]
        columns = {f"negative_{location}": (*negatives, "")[location] for location in range(3)}
        rows.append({**row, "neg": negatives} if is_list else {**row, **columns})
    done = begin(write(own_folder, rows), backbone=str(tiny_model_folder))
    assert (done.trial.fewest, done.trial.most) == (2, 3)
    recipe = load_recipe("mine.yaml")
    assert [view.role for view in recipe.data.views or ()] == ["anchor", "positive", "negative", "negative"]
    assert plan(recipe).rows == 24


@pytest.mark.parametrize(("scale", "temperature"), [(1.0, 0.05), (8.0, 1.0)])
def test_scores_of_a_judge_are_learned_from(
    scale: float, temperature: float, own_folder: Path, tiny_model_folder: Path
):
    rows: list[dict[str, object]] = []
    for number, row in enumerate(PAIRS):
        scores = {"positive_score": scale * (0.9 - number / 100), "scores": [scale * 0.3, scale * number / 100]}
        rows.append({**row, "negatives": [f"not {row['question']}", f"no {row['question']}"], **scores})
    done = begin(write(own_folder, rows), backbone=str(tiny_model_folder))
    assert (done.reading.holds, done.reading.score) == ("judged triplets", ("positive_score", "scores"))
    recipe = load_recipe("mine.yaml")
    assert recipe.objective.use == "ListwiseKL"
    assert recipe.objective.model_dump()["teacher_temperature"] == temperature
    assert plan(recipe).rows == 24


@pytest.mark.parametrize("name", ["2024.txt", "1e5.txt", "on.txt", "null.txt", "0x1f.txt", ".5.txt", "a b#c.txt"])
def test_a_file_may_be_called_what_yaml_reads_as_something_else(name: str, own_folder: Path, tiny_model_folder: Path):
    (own_folder / name).write_text("\n".join(TEXTS))
    done = begin(Path(name), backbone=str(tiny_model_folder))
    assert plan(load_recipe(str(done.recipe))).rows == 24


def test_a_recipe_is_named_after_a_link_not_after_what_it_links_to(own_folder: Path, monkeypatch: pytest.MonkeyPatch):
    (own_folder / "texts").mkdir()
    (own_folder / "texts" / "0af3.bin").write_text("\n".join(TEXTS))
    (own_folder / "mine.txt").symlink_to("texts/0af3.bin")
    assert begin(Path("mine.txt")).recipe == Path("mine.yaml")
    assert load_recipe("mine.yaml").name == "mine"
    (own_folder / "texts" / "a.txt").write_text("\n".join(TEXTS))
    monkeypatch.chdir(own_folder / "texts")
    assert begin(Path()).recipe == Path("texts.yaml")


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"score": math.nan}, r"column 'score': found NaN; it should be a finite number"),
        ({"positive": ["so it is", ""]}, r"column 'positive', item 2: found an empty text"),
        ({"anchor": 123}, r"column 'anchor': found 123; it should be a text"),
    ],
)
def test_rows_that_training_refuses_are_counted(own_folder: Path, columns: dict[str, object], error: str):
    rows: list[dict[str, object]] = [
        {"anchor": text, "positive": f"{text} so", "score": number / 4} for number, text in enumerate(TEXTS)
    ]
    rows[7] |= columns
    rows[9] |= columns
    trial = begin(write(own_folder, rows)).trial
    assert trial.refused == 2
    assert re.search(rf"mine\.jsonl, line 8, {error}", trial.first)


def test_labels_that_training_refuses_in_every_row_are_refused_at_once(own_folder: Path):
    rows = [{"text": text, "label": number % 4 + 0.5} for number, text in enumerate(TEXTS)]
    with pytest.raises(
        DataError, match=r"All 24 rows would be refused, the first: .*mine\.jsonl, line 1, column 'label'"
    ):
        begin(write(own_folder, rows))
    assert not (own_folder / "mine.yaml").exists()


def test_columns_of_one_name_are_refused(own_folder: Path):
    (own_folder / "a.csv").write_text("text,text\n" + "".join(f"{text},{text} so\n" for text in TEXTS))
    with pytest.raises(DataError, match=r"2 columns 'text'"):
        begin(Path("a.csv"))


def test_half_a_surrogate_pair_is_refused_with_its_location(own_folder: Path):
    (own_folder / "a.jsonl").write_text('{"text": "a b"}\n{"text": "a \\ud83d"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl, line 2: found '\\ud83d', half a surrogate pair; write UTF-8"):
        begin(Path("a.jsonl"))


def test_texts_without_blanks_are_measured_in_characters(own_folder: Path, tiny_model_folder: Path):
    characters = "今天的天气非常好我们一起去公园散步吧"
    texts = [f"{characters}{character}" for character in characters] + [characters * 5]
    (own_folder / "a.txt").write_text("\n".join(texts))
    done = begin(Path("a.txt"), backbone=str(tiny_model_folder))
    recipe = load_recipe("a.yaml")
    assert recipe.data.max_length == 128  # 90 characters and two special tokens
    assert "at most 90 characters" in done.text
    assert "SpanCrop" in done.text


def test_texts_of_other_languages_start_from_a_multilingual_encoder(own_folder: Path):
    german = ["der Mann und die Frau sind nicht zu Hause", "das ist ein Haus mit einer Tür"] * 12
    done = begin(write(own_folder, [{"text": f"{text} {row}"} for row, text in enumerate(german)]))
    assert "multilingual" in load_recipe("mine.yaml").encoder.backbone
    assert done.found.columns[0].language == "de"


def test_a_recipe_that_is_there_stays_unless_forced(own_folder: Path):
    path = write(own_folder, PAIRS)
    (own_folder / "mine.yaml").write_text("precious")
    with pytest.raises(DataError, match=r"mine\.yaml is there already; name another file, or .*--force"):
        begin(path)
    assert (own_folder / "mine.yaml").read_text() == "precious"
    begin(path, force=True)
    assert load_recipe("mine.yaml")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"a": 1}, {"a": 2}], r"mine\.jsonl: no column holds texts; found a"),
        ([{"a": "one text"}], r"found 1 rows of data; contrast needs at least 2"),
        (
            [{**row, "label": number % 3} for number, row in enumerate(PAIRS)],
            r"labels in 'label' other than 0 and 1 \(3",
        ),
    ],
)
def test_data_that_can_not_be_trained_on_is_refused(own_folder: Path, rows: list[dict[str, object]], message: str):
    with pytest.raises(DataError, match=message):
        begin(write(own_folder, rows))
    assert not (own_folder / "mine.yaml").exists()


def test_what_can_not_be_read_is_named(own_folder: Path):
    (own_folder / "a.docx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"a\.docx: found a document\. Write its text into a \.txt file"):
        begin(Path("a.docx"))
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        begin(Path("none.csv"))


def test_a_look_counts_empty_rows_duplicates_and_lengths(own_folder: Path):
    rows = [{"b": "one two", "a": 1}, {"b": " One  TWO", "a": 2.5}, {"b": None}, {"b": "one two three four", "a": 2}]
    found = survey(write(own_folder, rows))
    assert [column.name for column in found.columns] == ["b", "a"]
    text, number = found.columns
    assert (text.kind, text.empty, text.distinct, text.duplicates, text.words, text.longest) == ("text", 1, 2, 1, 2, 4)
    assert (number.kind, number.empty, number.low, number.high) == ("number", 1, 1, 2.5)


def test_a_large_file_is_looked_at_from_its_beginning_only(own_folder: Path):
    path = write(own_folder, PAIRS)
    with path.open("a") as file:
        file.write("not JSON\n")
    assert not survey(path, most_rows=20).is_whole
    assert survey(path, most_rows=20).rows == 20


def test_a_look_ends_at_so_many_bytes_of_text(own_folder: Path):
    path = write(own_folder, PAIRS)
    found = survey(path, most_bytes=sum(len(json.dumps(row)) for row in PAIRS[:10]) // 2)
    assert not found.is_whole
    assert 2 < found.rows < 20


def test_an_embedding_is_one_value(own_folder: Path):
    rows: list[dict[str, object]] = [{"text": text, "embedding": [0.5] * 384} for text in TEXTS]
    column = survey(write(own_folder, rows)).column("embedding")
    assert (column.kind, column.is_list, column.distinct, column.duplicates) == ("vector", True, 1, 23)
