"""The files of WordNet, read from a sample written by hand."""

from pathlib import Path

import pytest

from tests.wordnet_sample import write_wordnet
from textcl.errors import DataError
from textcl.text.wordnet import Synset, main_senses, read_synsets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_wordnet(tmp_path / "wordnet")


def test_a_synset_has_its_words_its_definition_and_its_examples(folder: Path):
    first, *others = read_synsets(folder)
    words = ("dog", "domestic dog", "Canis familiaris")
    examples = ("the dog barked all night", "two dogs")
    location = f"{folder / 'data.noun'}, line 2"
    assert first == Synset("noun", 2084071, words, "a member of the genus Canis", examples, location)
    assert [synset.kind for synset in others] == ["noun"] * 4 + ["verb"] * 2 + ["adj", "adv"]
    assert all(synset.definition for synset in others)


def test_the_mark_of_where_an_adjective_stands_is_no_part_of_it(folder: Path):
    assert [synset.words for synset in read_synsets(folder) if synset.kind == "adj"] == [("large", "big")]


def test_the_number_of_words_is_hexadecimal(folder: Path):
    names = [f"w{number}" for number in range(16)]
    (folder / "data.adv").write_text(f"00000001 02 r 10 {' 0 '.join(names)} 0 000 | how  \n", encoding="utf-8")
    assert list(read_synsets(folder))[-1].words == tuple(names)


def test_the_main_sense_is_the_one_that_was_counted_most(folder: Path):
    senses = main_senses(folder)
    assert senses["dog"] == ("noun", 2084071)  # 42 times, as a verb 2 times
    (folder / "cntlist.rev").write_text("dog%1:05:00:: 1 1\ndog%2:38:00:: 1 2\n", encoding="utf-8")
    assert main_senses(folder)["dog"] == ("verb", 2001858)
    (folder / "cntlist.rev").write_text("dog%1:18:02:: 2 9\n", encoding="utf-8")
    assert main_senses(folder)["dog"] == ("noun", 10114209)


def test_without_counts_a_word_is_a_noun_first_and_means_its_first_sense(folder: Path):
    (folder / "cntlist.rev").unlink()
    senses = main_senses(folder)
    assert senses["dog"] == ("noun", 2084071)
    assert senses["chase"] == ("verb", 2001858)
    assert senses["river boat"] == ("noun", 6423619)


@pytest.mark.parametrize("name", ["data.verb", "index.adj"])
def test_a_missing_file_is_told_with_how_to_install_it(folder: Path, name: str):
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"no WordNet here; {name} missing\. .*apt-get install wordnet-base"):
        list(read_synsets(folder)) if name.startswith("data") else main_senses(folder)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("data.noun", "02084071 05 n zz dog 0 000 | x", r"data\.noun, line 1: found '02084071 05 n zz"),
        ("data.noun", "02084071 05 n 00 000 | x", r"data\.noun, line 1: 0 words are announced"),
        ("index.noun", "dog n", r"index\.noun, line 1: found 'dog n.*index files"),
        ("cntlist.rev", "dog 1", r"cntlist\.rev, line 1: found 'dog 1.*no count"),
    ],
)
def test_a_line_in_no_known_format_is_named(folder: Path, name: str, line: str, message: str):
    (folder / name).write_text(line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        list(read_synsets(folder)) if name.startswith("data") else main_senses(folder)
