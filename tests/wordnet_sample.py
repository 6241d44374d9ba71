"""A WordNet of nine synsets, written by hand in the format of Debian's files (man 5 wndb)."""

from pathlib import Path

LICENCE = "  1 This stands where the licence of WordNet stands.  \n"
DATA = {
    "noun": (
        "02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 001 @ 02083346 n 0000 | a member of the genus Canis; "
        '"the dog barked all night"; "two dogs"  ',
        '10114209 18 n 02 frump 0 dog 2 000 | a dull unattractive unpleasant girl or woman; "she\'s a real frump"  ',
        "02958343 06 n 04 car 0 auto 0 automobile 0 motorcar 0 000 | a motor vehicle with four wheels  ",
        "05636887 27 n 02 helium 0 he 0 000 | a very light colorless element  ",
        "06423619 06 n 01 river_boat 0 000 | a boat for rivers  ",
    ),
    "verb": (
        "01904930 38 v 02 run 0 race 1 000 01 + 02 00 | move fast  ",
        "02001858 38 v 03 chase 0 dog 0 tail 0 000 02 + 08 00 + 09 00 | go after with the intent to catch  ",
    ),
    "adj": ('01382086 00 a 02 large 0 big(a) 0 000 | above average in size; "a large city"  ',),
    "adv": ('00085811 02 r 02 quickly 0 rapidly 0 000 | with rapid movements; "he works quickly"  ',),
}
INDEX = {
    "noun": (
        "auto n 1 1 @ 1 1 02958343  ",
        "automobile n 1 1 @ 1 1 02958343  ",
        "canis_familiaris n 1 1 @ 1 0 02084071  ",
        "car n 1 2 @ ~ 1 1 02958343  ",
        "dog n 2 1 @ 2 1 02084071 10114209  ",
        "domestic_dog n 1 1 @ 1 0 02084071  ",
        "frump n 1 0 1 0 10114209  ",
        "he n 1 0 1 0 05636887  ",
        "helium n 1 0 1 0 05636887  ",
        "motorcar n 1 0 1 0 02958343  ",
        "river_boat n 1 0 1 0 06423619  ",
    ),
    "verb": (
        "chase v 1 0 1 1 02001858  ",
        "dog v 1 1 @ 1 1 02001858  ",
        "race v 1 0 1 0 01904930  ",
        "run v 1 0 1 1 01904930  ",
        "tail v 1 0 1 0 02001858  ",
    ),
    "adj": ("big a 1 0 1 1 01382086  ", "large a 1 0 1 1 01382086  "),
    "adv": ("quickly r 1 0 1 1 00085811  ", "rapidly r 1 0 1 1 00085811  "),
}
COUNTS = ("dog%1:05:00:: 1 42", "dog%2:38:00:: 1 2", "run%2:38:00:: 1 106")


def write_wordnet(folder: Path) -> Path:
    """Write the files into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in DATA:
        (folder / f"data.{kind}").write_text(LICENCE + "\n".join(DATA[kind]) + "\n", encoding="utf-8")
        (folder / f"index.{kind}").write_text(LICENCE + "\n".join(INDEX[kind]) + "\n", encoding="utf-8")
    (folder / "cntlist.rev").write_text("\n".join(COUNTS) + "\n", encoding="utf-8")
    return folder
