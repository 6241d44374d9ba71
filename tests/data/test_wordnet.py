"""WordNet as a source, from a small sample written by hand in the format of wndb(5WN)."""

from pathlib import Path

import pytest

from textcl.data.sources.wordnet import WordNet
from textcl.errors import DataError

LICENCE = "  1 This is not the licence of WordNet, but its lines are numbered so.  \n  2   \n"
NOUN = (
    "00001740 03 n 02 boat 0 small_craft 0 001 @ 00001930 n 0000 | a vessel for travel on water; "
    '"he rowed the boat"; "a boat; a float"  \n'
    "00001930 03 n 01 boat 1 000 | a dish for gravy or sauce  \n"
)
VERB = '00002000 29 v 02 sail 0 boat 2 000 02 + 01 00 + 02 00 | travel on water; by boat; "we sailed north"  \n'
ADJ = "00003000 00 a 03 afloat(p) 0 Afloat 1 buoyant(a) 0 001 & 00003001 a 0000 | borne on the water  \n"
ADV = "00004000 02 r 0b " + " ".join(f"w{number}_x 0" for number in range(11)) + " 000 | in some way  \n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part, content in {"noun": NOUN, "verb": VERB, "adj": ADJ, "adv": ADV}.items():
        (tmp_path / f"data.{part}").write_text(LICENCE + content)
    return tmp_path


def pairs(source: WordNet) -> dict[str, tuple[str, ...]]:
    return {source[row].anchor: source[row].positives for row in range(len(source))}


def test_a_term_is_one_row_with_the_glosses_of_all_its_senses(folder: Path):
    found = pairs(WordNet("gloss", str(folder)))
    assert found["boat"] == ("a vessel for travel on water", "a dish for gravy or sauce", "travel on water; by boat")
    assert found["small craft"] == ("a vessel for travel on water",)
    assert found["afloat"] == ("borne on the water",)
    assert len([term for term in found if term.startswith("w")]) == 11  # 0b of them: the count is hexadecimal


def test_a_gloss_has_its_examples(folder: Path):
    assert pairs(WordNet("example", str(folder))) == {
        "a vessel for travel on water": ("he rowed the boat", "a boat; a float"),
        "travel on water; by boat": ("we sailed north",),
    }


def test_synonyms_share_a_sense_and_differ_by_more_than_case(folder: Path):
    found = pairs(WordNet("synonym", str(folder)))
    assert found["boat"] == ("small craft", "sail")
    assert found["Afloat"] == ("buoyant",)


def test_locations_name_file_and_line(folder: Path):
    assert WordNet("gloss", str(folder)).location(0) == f"{folder / 'data.noun'}, line 3 (boat)"


def test_a_missing_wordnet_is_named_with_its_package(tmp_path: Path):
    with pytest.raises(DataError, match=r"no WordNet here; data\.noun, .* missing.*apt-get install wordnet-base"):
        WordNet(path=str(tmp_path))


@pytest.mark.parametrize(
    "line", ["00001740 03 n 02 boat 0 000 | a vessel", "00001740 03 n 01 boat 0 000", "hello | world"]
)
def test_a_line_that_is_no_synset_is_named(folder: Path, line: str):
    (folder / "data.verb").write_text(LICENCE + line + "\n")
    with pytest.raises(DataError, match=r"data\.verb, line 3: "):
        WordNet("gloss", str(folder))


def test_without_examples_there_are_no_pairs_of_them(folder: Path):
    for part in ("noun", "verb"):
        (folder / f"data.{part}").write_text(LICENCE + "00001740 03 n 01 boat 0 000 | a vessel\n")
    with pytest.raises(DataError, match="found no pairs for relation 'example'"):
        WordNet("example", str(folder))
