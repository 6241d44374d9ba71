"""What the columns of a file are taken for."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from textcl.errors import DataError
from textcl.survey.roles import Reading, read_columns, unread_columns
from textcl.survey.survey import survey

COUNT = 40
TEXTS = [f"the dog number {row} runs home" for row in range(COUNT)]
OTHERS = [f"a cat sleeps under table {row}" for row in range(COUNT)]
LONG_LABELS = ("a card payment that was charged twice", "a card that was lost or stolen")


def named(*names: str) -> list[str]:
    """Fill a column with short texts that come again and again."""
    return [names[row % len(names)] for row in range(COUNT)]


def write(folder: Path, **columns: list[object]) -> Path:
    path = folder / "a.jsonl"
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(folder: Path, **columns: list[object]) -> Reading:
    return read_columns(survey(write(folder, **columns)))


@pytest.mark.parametrize(
    ("extra", "values"), [("category", named("x", "y")), ("split", named("train")), ("source", named("wiki", "web"))]
)
def test_beside_a_positive_only_what_is_called_a_label_is_one(tmp_path: Path, extra: str, values: list[object]):
    assert read(tmp_path, question=TEXTS, answer=OTHERS, **{extra: values}) == Reading("pairs", "question", ("answer",))
    assert read(tmp_path, question1=TEXTS, question2=OTHERS, is_duplicate=[row % 2 for row in range(COUNT)]) == Reading(
        "labelled pairs", "question1", ("question2",), score=("is_duplicate",)
    )


def test_published_sets_of_pairs_are_read_with_their_grades(tmp_path: Path):
    sick = read(tmp_path, sentence_A=TEXTS, sentence_B=OTHERS, relatedness_score=[row % 5 for row in range(COUNT)])
    assert sick == Reading("scored pairs", "sentence_A", ("sentence_B",), score=("relatedness_score",))
    nli = read(tmp_path, premise=TEXTS, entailment=OTHERS, contradiction=TEXTS[::-1])
    assert nli == Reading("triplets", "premise", ("entailment",), ("contradiction",))
    with pytest.raises(DataError, match="pairs with labels in 'gold_label' other than 0 and 1"):
        read(tmp_path, sentence1=TEXTS, sentence2=OTHERS, gold_label=named("entailment", "neutral", "contradiction"))


@pytest.mark.parametrize("label", [named("en"), ["x"] * COUNT, [1] * COUNT, list(range(COUNT))])
@pytest.mark.parametrize("name", ["lang", "label"])
def test_a_label_has_several_values_that_come_again(tmp_path: Path, name: str, label: list[object]):
    assert read(tmp_path, text=TEXTS, **{name: label}) == Reading("sentences", "text")


def test_a_label_without_a_name_of_one_is_a_guess(tmp_path: Path):
    found = read(tmp_path, text=TEXTS, mood=named("glad", "sad"))
    assert found == Reading("labelled texts", "text", label="mood", guessed=("mood",))
    assert read(tmp_path, text=TEXTS, label=named("glad", "sad")) == Reading("labelled texts", "text", label="label")


def test_named_labels_are_labels_however_long_and_many_they_are(tmp_path: Path):
    assert read(tmp_path, text=TEXTS, label=named(*LONG_LABELS)).label == "label"
    assert read(tmp_path, text=TEXTS[:12], label=named("sport", "art", "war")[:12]).label == "label"


def test_pairs_of_names_that_say_nothing_are_not_pairs_where_a_label_is_not_0_or_1(tmp_path: Path):
    classes = read(tmp_path, text=TEXTS, headline=OTHERS, label=named("sport", "art", "war"))
    assert classes == Reading("labelled texts", "text", label="label")
    same = read(tmp_path, text=TEXTS, headline=OTHERS, label=[row % 2 for row in range(COUNT)])
    assert same == Reading("labelled pairs", "text", ("headline",), score=("label",), guessed=("headline",))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("id", [f"the document {row}" for row in range(COUNT)]),
        ("_id", [f"doc {row}" for row in range(COUNT)]),
        ("doc_id", [f"doc {row}" for row in range(COUNT)]),
        ("url", [f"http://x.org/{row}" for row in range(COUNT)]),
        ("date", [f"{row} May 2020" for row in range(COUNT)]),
        ("slug", [f"the-dog-{row}" for row in range(COUNT)]),
        ("label", OTHERS),
        ("title", [""] * COUNT),
    ],
)
def test_ids_addresses_and_labels_are_no_texts(tmp_path: Path, name: str, values: list[object]):
    assert read(tmp_path, **{name: values}, text=TEXTS) == Reading("sentences", "text")
    assert read(tmp_path, **{name: values}, inhalt=TEXTS).anchor == "inhalt"


def test_single_words_without_blanks_are_texts(tmp_path: Path):
    chinese = [f"今天的天气非常好我们一起去公园{chr(0x4E00 + row)}" for row in range(COUNT)]
    assert read(tmp_path, a=chinese, b=chinese).positives == ("b",)


def test_sentences_without_blanks_that_come_again_are_no_labels(tmp_path: Path):
    questions = named("今天的天气好不好我们去不去公园散步", "昨天的天气好不好我们去不去公园散步")
    assert read(tmp_path, a=TEXTS, b=questions).positives == ("b",)
    assert read(tmp_path, a=TEXTS, b=named("体育", "政治")).label == "b"


def test_scores_of_each_text_are_a_judges(tmp_path: Path):
    mined = {"anchor": TEXTS, "positive": OTHERS, "negatives": [["one dog", "two dogs"]] * COUNT}
    found = read(tmp_path, **mined, scores=[[0.4, 0.3]] * COUNT, positive_score=[0.9] * COUNT)  # `textcl mine`
    assert found == Reading("judged triplets", "anchor", ("positive",), ("negatives",), ("positive_score", "scores"))


def test_lists_are_no_anchors(tmp_path: Path):
    lists = [[text, other] for text, other in zip(TEXTS, OTHERS, strict=True)]
    assert read(tmp_path, sentences=lists, inhalt=TEXTS).anchor == "inhalt"
    with pytest.raises(
        DataError, match=r"no column can be the anchor, which is one text a row: found lists or negatives in .set."
    ):
        read(tmp_path, set=lists)


def test_short_questions_that_come_again_are_still_questions(tmp_path: Path):
    found = read(tmp_path, query=named("best pizza", "cheap hotel"), document=TEXTS)
    assert found == Reading("pairs", "query", ("document",))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("score", ["0,75"] * COUNT, r"row 1, column 'score': found \"0,75\"; it should be a number, as in 0\.75"),
        ("score", [0.5, "n/a"] * (COUNT // 2), r"row 2, column 'score': found \"n/a\""),
        ("score", [None] * COUNT, r"column 'score' is empty in every row\. Fill it, or drop or rename it"),
        ("score", [[0.5, 0.1]] * COUNT, r"row 1, column 'score': found \[0\.5, 0\.1\]"),
        ("label", [{"a": 1}] * COUNT, r"row 1, column 'label': found \{\"a\": 1\}; it should be a whole number or a"),
        ("label", named(*LONG_LABELS), r"labels in 'label' other than 0 and 1 \(2 of them\)\. Keep .*entailment"),
        ("label", [0] * COUNT, r"labels in 'label' other than 0 and 1 \(1 of them\)"),
        ("positive", [{"body": "a"}] * COUNT, r"row 1, column 'positive': found .*; it should be a text"),
        ("negative", list(range(COUNT)), r"row 1, column 'negative': found 0; it should be a text"),
        ("anchor", [12, *range(1, COUNT)], r"row 1, column 'anchor': found 12; it should be a text"),
    ],
)
def test_a_named_column_that_can_not_be_used_is_refused(
    tmp_path: Path, column: str, values: list[object], message: str
):
    with pytest.raises(DataError, match=message):
        read(tmp_path, **{"sentence1": TEXTS, "sentence2": OTHERS, column: values})


def test_scores_may_be_numbers_of_any_type_and_yes_or_no(tmp_path: Path):
    table = pa.table({"anchor": TEXTS, "positive": OTHERS, "score": [Decimal("0.50")] * COUNT})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_columns(survey(tmp_path / "a.parquet")).score == ("score",)
    same = read(tmp_path, question1=TEXTS, question2=OTHERS, is_duplicate=[row % 2 == 0 for row in range(COUNT)])
    assert same == Reading("labelled pairs", "question1", ("question2",), score=("is_duplicate",))


def test_grades_of_pairs_with_decimals_are_scores_whatever_their_name(tmp_path: Path):
    found = read(tmp_path, sentence1=TEXTS, sentence2=OTHERS, label=[row % 6 * 0.8 for row in range(COUNT)])
    assert found == Reading("scored pairs", "sentence1", ("sentence2",), score=("label",))


def test_pairs_that_all_mean_the_same_need_no_label(tmp_path: Path):
    assert read(tmp_path, sentence1=TEXTS, sentence2=OTHERS, label=[1] * COUNT).holds == "pairs"


def test_a_column_is_one_of_texts_where_a_few_rows_hold_something_else(tmp_path: Path):
    found = read(tmp_path, query=[123, *TEXTS[1:]], document=OTHERS)
    assert found == Reading("pairs", "query", ("document",))


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("sent0", "sent1", "hard_neg"), ("sent0", ("sent1",), ("hard_neg",))),
        (("sentence_1", "sentence_0"), ("sentence_0", ("sentence_1",), ())),
        (("sentence_0", "sentence_1", "sentence_2"), ("sentence_0", ("sentence_1",), ("sentence_2",))),
        (("query", "pos", "neg"), ("query", ("pos",), ("neg",))),
        (("anchor", "positive", "negative_1", "negative_2"), ("anchor", ("positive",), ("negative_1", "negative_2"))),
        (
            ("query", "positive_passages", "negative_passages"),
            ("query", ("positive_passages",), ("negative_passages",)),
        ),
    ],
)
def test_columns_are_known_as_other_libraries_call_them(
    tmp_path: Path, names: tuple[str, ...], read: tuple[str, tuple[str, ...], tuple[str, ...]]
):
    texts = [[f"{name} {text}" for text in TEXTS] for name in names]
    found = read_of(tmp_path, dict(zip(names, texts, strict=True)))
    assert (found.anchor, found.positives, found.negatives, found.guessed) == (*read, ())


def read_of(folder: Path, columns: dict[str, list[str]]) -> Reading:
    """Read columns, of which those of passages hold lists of objects, as DPR and tevatron write them."""
    nested = {
        name: [[{"title": "t", "text": text}] for text in texts] if name.endswith("passages") else texts
        for name, texts in columns.items()
    }
    return read(folder, **nested)


def test_columns_of_texts_that_are_not_read_are_named(tmp_path: Path):
    rows = [json.dumps({"query": text, "answer": text, "hint": text, "id": text[:3]}) for text in TEXTS]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    found = survey(tmp_path / "a.jsonl")
    assert unread_columns(found, read_columns(found)) == ("hint",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "anchor,positive\na b,c d\ne f,g h\n", r"line 1: found one column, 'anchor,positive'\. Delimit"),
        ("a.csv", "anchor^positive\na b^c d\ne f^g h\n", "found one column"),
        ("a.csv", "a man plays,someone is playing\na b,c d\ne f,g h\n", "found texts such as 'a man plays' where"),
    ],
)
def test_a_table_whose_first_line_names_no_columns_is_refused(tmp_path: Path, name: str, content: str, message: str):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        read_columns(survey(tmp_path / name))
