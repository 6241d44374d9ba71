"""The training files behind the table, cut from the shared data sets into a work folder."""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

from trials import SENTENCES

SEED = 17
PAIRS = 20_000  # of tatoeba-anki-en-de
NLI = ("snli-dev", "snli-test", "cad-train", "cad-dev", "cad-test")  # not SICK's, which overlaps sickr-test


def prepare(data: Path, work: Path) -> dict[str, Path]:
    """Write the training files that are not there yet, and return them by the names that trials use."""
    work.mkdir(parents=True, exist_ok=True)
    lines = {
        "wiki": ("wiki.txt", lambda: sampled(read(data / "sentences/wiki-mixed.txt.gz"), SENTENCES)),
        "nli": ("nli.jsonl", lambda: [line for name in NLI for line in read(data / f"nli/{name}-triplets.jsonl")]),
        "stsb": ("stsb.jsonl", lambda: list(read(data / "sts/stsb-train.jsonl.gz"))),
        "en-de": ("en-de.jsonl", lambda: [_pair(line) for line in sampled(read(_tatoeba(data)), PAIRS)]),
    }
    for name, make in lines.values():
        if not (work / name).exists():
            (work / f"{name}.part").write_text("\n".join(make()) + "\n", encoding="utf-8")
            (work / f"{name}.part").rename(work / name)
    return {corpus: work / name for corpus, (name, _) in lines.items()}


def read(path: Path) -> Iterator[str]:
    """Yield the lines of a file, plain or gzipped."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from (line.rstrip("\n") for line in file)


def sampled(lines: Iterator[str], count: int) -> list[str]:
    """Return so many lines, drawn without replacement; always the same ones."""
    return random.Random(SEED).sample(list(lines), count)


def _tatoeba(data: Path) -> Path:
    return data / "bitext/tatoeba-anki-en-de.jsonl.gz"


def _pair(line: str) -> str:
    row = json.loads(line)
    return json.dumps({"anchor": row["en"], "positive": row["de"]}, ensure_ascii=False)
