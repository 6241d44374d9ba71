"""The training files behind the tables, cut from the shared data sets into a work folder."""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from textcl.data.sources.docstrings import Docstrings
from textcl.util.atomic import new_file

SEED = 17
SENTENCES = 20_000  # of wiki-mixed.txt.gz, the same for every run
PAIRS = 20_000  # of tatoeba-anki-en-de
DOMAIN_TEXTS = 10_000  # of each domain
DOMAIN_PAIRS = 5_000  # of docstrings
NLI = ("snli-dev", "snli-test", "cad-train", "cad-dev", "cad-test")  # not SICK's, which overlaps sickr-test
TRAINED = ["torch", "sympy", "numpy", "datasets", "accelerate", "sentence_transformers", "huggingface_hub"]
HELD_OUT = ["scipy", "sklearn", "networkx", "pandas"]  # packages, as in the recipe `quickstart`
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_FEWEST = 5  # words of a sentence


def prepare(data: Path, work: Path, names: Sequence[str], rows: int | None = None) -> dict[str, Path]:
    """Write the training files that are not there yet, and return them by the names that trials use.

    Args:
        data: The folder of the shared data sets.
        work: Gets the files.
        names: Those that are wanted.
        rows: Only so many rows of each; None: all.
    """
    work.mkdir(parents=True, exist_ok=True)
    for name in names:
        file, lines = FILES[name]
        if not (work / file).exists():
            kept = list(lines(data))[:rows]
            with new_file(work / file) as temporary:
                temporary.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return {name: work / FILES[name][0] for name in names}


def read(path: Path) -> Iterator[str]:
    """Yield the lines of a file, plain or gzipped."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from (line.rstrip("\n") for line in file)


def sampled(lines: Iterable[str], count: int) -> list[str]:
    """Return so many lines, drawn without replacement; always the same ones."""
    return random.Random(SEED).sample(list(lines), count)


def _wiki(data: Path) -> Iterable[str]:
    return sampled(read(data / "sentences/wiki-mixed.txt.gz"), SENTENCES)


def _nli(data: Path) -> Iterable[str]:
    return [line for name in NLI for line in read(data / f"nli/{name}-triplets.jsonl")]


def _stsb(data: Path) -> Iterable[str]:
    return read(data / "sts/stsb-train.jsonl.gz")


def _en_de(data: Path) -> Iterable[str]:
    rows = map(json.loads, sampled(read(data / "bitext/tatoeba-anki-en-de.jsonl.gz"), PAIRS))
    return [json.dumps({"anchor": row["en"], "positive": row["de"]}, ensure_ascii=False) for row in rows]


def _scifact(data: Path) -> Iterable[str]:
    """Return sentences of SciFact's abstracts, some of all."""
    documents = map(json.loads, read(data / "retrieval/scifact/corpus.jsonl.gz"))
    parts = (part for row in documents for part in _SENTENCE_END.split(" ".join(row["text"].split())))
    return sampled(dict.fromkeys(part for part in parts if len(part.split()) >= _FEWEST), DOMAIN_TEXTS)


def _docstring_pairs(_: Path) -> Iterable[str]:
    """Return summaries with the prose below them, some of all."""
    source = Docstrings(TRAINED)
    rows = (source[row] for row in range(len(source)))
    pairs = [{"anchor": row.anchor, "positive": row.positives[0]} for row in rows]
    return sampled((json.dumps(pair, ensure_ascii=False) for pair in pairs), DOMAIN_PAIRS)


def _docstring_texts(data: Path) -> Iterable[str]:
    """Return both sides of the same pairs, as texts that nobody has paired."""
    rows = map(json.loads, _docstring_pairs(data))
    return dict.fromkeys(" ".join(text.split()) for row in rows for text in row.values())


FILES: dict[str, tuple[str, Callable[[Path], Iterable[str]]]] = {
    "wiki": ("wiki.txt", _wiki),
    "nli": ("nli.jsonl", _nli),
    "stsb": ("stsb.jsonl", _stsb),
    "en-de": ("en-de.jsonl", _en_de),
    "scifact": ("scifact.txt", _scifact),
    "docstring-pairs": ("docstrings.jsonl", _docstring_pairs),
    "docstrings": ("docstrings.txt", _docstring_texts),
}
