"""Evaluation texts that stand in the training text are found, and others are not."""

import random
import tracemalloc
from collections.abc import Iterator

import pytest

from textcl.evaluation.leakage import (
    FEWEST,
    MOST,
    RUN,
    SHARE,
    Leakage,
    PairLeakage,
    PartLeakage,
    Shingles,
    TrainingRow,
    find_leakage,
)
from textcl.evaluation.run import TaskTexts
from textcl.evaluation.task import TextPair
from textcl.text.folding import SHORT, folded, folded_words

TEN = "one two three four five six seven eight nine ten"


def leakage(texts: list[str], lines: list[str]) -> PartLeakage:
    rows = [TrainingRow(f"line {number}", (line,)) for number, line in enumerate(lines, start=1)]
    return find_leakage({"task": TaskTexts({"texts": texts}, ())}, rows)["task"].parts["texts"]


@pytest.mark.parametrize(
    "line",
    [
        "THE DOG'S TAIL IS WAGGING",
        "the dog 's tail is wagging .",
        "  The dog\t's tail is wagging!",
        "The dog\u2019s tail, is wagging\u2026",  # a typographic apostrophe, an ellipsis
        "\uff34\uff48\uff45 dog's tail is wagging",  # full-width letters
    ],
)
def test_case_punctuation_blanks_and_forms_of_unicode_make_no_difference(line: str) -> None:
    (copy,) = leakage(["The dog's tail is wagging."], ["another text", line]).exact
    assert (copy.text, copy.found, copy.location, copy.share) == ("The dog's tail is wagging.", line, "line 2", 1.0)


def test_marks_that_carry_meaning_are_kept() -> None:
    boy, girl = "लड़का स्कूल जा रहा", "लड़की स्कूल जा रही"
    assert folded(folded_words(boy)) != folded(folded_words(girl))


def test_in_scripts_without_blanks_a_character_is_a_word() -> None:
    assert folded_words("我不知道。Yes, 2 猫") == ["我", "不", "知", "道", "yes", "2", "猫"]


def test_exact_copies_of_any_length_count_and_short_ones_are_told() -> None:
    found = leakage(
        ["a" * SHORT, "b" * (SHORT + 1), "...", "\U0001f600"], ["a" * SHORT, "b" * (SHORT + 1), "!", "\U0001f600"]
    )
    assert [copy.text for copy in found.exact] == ["a" * SHORT, "b" * (SHORT + 1), "\U0001f600"]
    assert (found.texts, found.short, found.share) == (4, 2, 3 / 4)


def test_a_blank_text_is_a_copy_of_none() -> None:
    assert leakage([" ", "a text"], ["", "  "]).exact == ()


@pytest.mark.parametrize("text", ["渡轮早上九点离开", "เรือออกเช้า", "フェリーは朝に出る"])
def test_a_sentence_of_a_script_without_blanks_is_found_and_not_called_short(text: str) -> None:
    found = leakage([text], [f"「{text}」"])
    assert (len(found.exact), found.short) == (1, 0)


def test_a_text_of_a_script_without_blanks_has_near_copies_by_its_characters() -> None:
    (near,) = leakage(["渡轮早上九点离开港口"], ["今天渡轮早上九点离开港口。"]).near
    assert near.share == 1


def test_a_text_counts_once_however_often_and_wherever_it_is_spelt() -> None:
    found = leakage(["The same sentence.", "the same sentence"], ["the same sentence", "THE SAME SENTENCE"])
    assert found.texts == 1
    assert [(copy.text, copy.location) for copy in found.exact] == [("the same sentence", "line 1")]


@pytest.mark.parametrize(
    ("line", "share"),
    [
        (f"before it {TEN} and after it", 1.0),  # the whole text, inside a longer one
        (TEN.replace("ten", "eleven"), 5 / 6),  # of six runs of five words the last is another
        (TEN.replace("nine ten", "10 11"), None),  # 4 of 6
        (TEN.replace("five", "5"), None),  # 1 of 6
        ("one two three four five", None),  # 1 of 6
    ],
)
def test_a_near_copy_holds_four_fifths_of_the_runs_of_five_words(line: str, share: float | None) -> None:
    found = leakage([TEN], [line])
    assert found.exact == ()
    assert [copy.share for copy in found.near] == ([] if share is None else [pytest.approx(share)])


def test_phrases_of_fewer_than_eight_words_have_no_near_copies() -> None:
    seven, eight = " ".join(TEN.split()[:7]), " ".join(TEN.split()[:8])
    assert not leakage([seven], [f"{seven} and more"]).near
    assert leakage([eight], [f"{eight} and more"]).near
    assert not leakage(["ha " * 30], ["ha " * 40]).near  # many words, one run


def test_the_nearest_copy_is_told_and_an_exact_one_before_it() -> None:
    (near,) = leakage([TEN], [TEN.replace("ten", "10"), f"{TEN} eleven", TEN.replace("one", "1")]).near
    assert (near.location, near.share) == ("line 2", 1.0)
    found = leakage([TEN], [f"{TEN} eleven", TEN])
    assert [copy.location for copy in found.exact] == ["line 2"]
    assert found.near == ()


def test_copies_spread_over_several_lines_are_no_copy() -> None:
    halves = ["one two three four five six seven", "four five six seven eight nine ten"]
    assert not leakage([TEN], halves).near


def test_near_copies_equal_those_of_a_naive_loop() -> None:
    rng = random.Random(17)
    words = ["the", "man", "dog", "plays", "runs", "a", "guitar"]
    texts = [[rng.choice(words) for _ in range(rng.randrange(4, 30))] for _ in range(60)]
    stream = [[*text[:-1], rng.choice(words)] for text in texts for _ in range(3)]

    def runs(text: list[str]) -> set[tuple[str, ...]]:
        return {tuple(text[start : start + RUN]) for start in range(len(text) - RUN + 1)}

    expected = {
        (position, number): len(runs(text) & runs(line)) / len(runs(text))
        for position, line in enumerate(stream)
        for number, text in enumerate(texts)
        if len(runs(text)) >= FEWEST and len(runs(text) & runs(line)) >= SHARE * len(runs(text))
    }
    found = {(held.position, held.number): held.share for held in Shingles(texts).held(stream)}
    assert found == pytest.approx(expected)
    assert len(expected) > 100


def test_a_long_text_is_known_by_runs_spread_over_all_of_it() -> None:
    long = [f"word{number}" for number in range(1000)]
    shingles = Shingles([long])
    assert len(shingles) == MOST
    (whole,) = shingles.held([long])
    assert whole.share == 1
    assert list(shingles.held([long[:700]])) == []
    (most,) = shingles.held([long[:900]])
    assert most.share == pytest.approx(0.9, abs=0.02)


def test_nothing_to_compare_is_no_error() -> None:
    assert leakage(["a text of some length"], []).share == 0
    assert leakage([], ["a text of some length"]).share == 0


def pair_leakage(pairs: list[TextPair], rows: list[TrainingRow]) -> PairLeakage:
    texts = [text for pair in pairs for text in (pair.first, pair.second)]
    found = find_leakage({"task": TaskTexts({"texts": texts}, pairs)}, rows)["task"].pairs
    assert found is not None
    return found


def test_pairs_are_counted_apart_together_and_with_their_score() -> None:
    man, dog, cat = "a man plays the guitar", "the dog runs fast", "some cat is sleeping"
    pairs = [TextPair(man, dog, 1.0), TextPair(dog, cat, 2.0), TextPair(man, cat, 3.0), TextPair("yes", "no", 4.0)]
    rows = [
        TrainingRow("1", (dog.upper(), man), 1.0),  # the other way round, with its score
        TrainingRow("2", (dog, "another text", cat), 5.0),  # a triplet, with another score
        TrainingRow("3", ("Yes",)),
        TrainingRow("4", ("No",)),  # both sides, but too short to tell when they stand apart
    ]
    assert pair_leakage(pairs, rows) == PairLeakage(pairs=4, both=3, together=2, same_grade=1)
    assert pair_leakage(pairs, [TrainingRow("1", ("yes", "no"))]).together == 1


def test_pairs_without_grades_have_no_grade_to_leak() -> None:
    found = pair_leakage([TextPair("a long question", "a long answer", None)], [TrainingRow("1", ("x",), 1.0)])
    assert found.same_grade is None


def test_a_pair_leaks_even_where_its_texts_are_too_short() -> None:
    tasks = {"task": TaskTexts({"texts": ["yes", "no"]}, [TextPair("yes", "no", 1.0)])}
    assert find_leakage(tasks, [TrainingRow("1", ("yes", "no"))])["task"].leaks
    apart = find_leakage(tasks, [TrainingRow("1", ("yes",)), TrainingRow("2", ("no",))])["task"]
    assert apart.pairs is not None
    assert apart.pairs.both == 0


def test_tasks_that_share_a_text_each_show_their_own_spelling() -> None:
    tasks = {
        name: TaskTexts({"texts": [text]}, ())
        for name, text in (("a", "The same sentence."), ("b", "the same sentence"))
    }
    found: dict[str, Leakage] = find_leakage(tasks, [TrainingRow("1", ("the  same sentence",))])
    assert [found[name].parts["texts"].exact[0].text for name in tasks] == ["The same sentence.", "the same sentence"]


@pytest.mark.slow
def test_the_training_text_is_streamed_not_kept() -> None:
    def rows() -> Iterator[TrainingRow]:
        for number in range(20_000):  # 20 MB
            yield TrainingRow("", (f"{number} {'words of a text ' * 65}",))

    tasks = {"task": TaskTexts({"texts": [TEN]}, ())}
    tracemalloc.start()
    try:
        find_leakage(tasks, rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 30e6  # a block of 1,024 rows cut into words
