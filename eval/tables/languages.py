"""Another language learned from translations: recipe `multilingual`, from all-MiniLM, which knows English alone.

German from Tatoeba's sentences and captions, French from captions; a pair is left out if either side is a test
sentence of Tatoeba, case and punctuation aside. Scored before and after: which share of Tatoeba's 1,000 test sentences
find their translation, both ways, and the seven sets of English sentence similarity. Writes the record
`eval/results/languages.json`.

Run: python eval/tables/languages.py --data-dir ../shared/data
"""

import argparse
import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from corpora import read
from runner import run_command, textcl
from trial import MODEL, SEEDS

from textcl.text.folding import folded_number
from textcl.util.atomic import new_file, write_json

RESULTS = Path(__file__).parents[1] / "results"
BITEXT = {
    "de": ("tatoeba-anki-en-de.jsonl.gz", "multi30k-en-de-train.jsonl.gz"),
    "fr": ("multi30k-en-fr-train.jsonl.gz",),
}
STEPS = 400  # half an hour
WHEN = ("before", "after", "difference")
SETTINGS = (
    "data.sources.0.anchor=en",
    "data.sources.0.positive=other",
    "data.batch_size=256",
    "training.learning_rate=5e-4",
)


def bitext(data: Path, out: Path) -> dict[str, int]:
    """Write all pairs, mixed; return how many there are of each language, and how many were left out."""
    tests = {folded_number(text) for file in (data / "bitext").glob("tatoeba-test-*") for text in _texts(file)}
    rows, counts = list[str](), dict[str, int]()
    for language, files in BITEXT.items():
        pairs = [(row["en"], row[language]) for file in files for row in map(json.loads, read(data / "bitext" / file))]
        kept = [pair for pair in dict.fromkeys(pairs) if tests.isdisjoint(map(folded_number, pair))]
        counts |= {language: len(kept), f"{language} left out": len(set(pairs)) - len(kept)}
        rows += [json.dumps({"en": en, "other": other}, ensure_ascii=False) for en, other in kept]
    random.Random(SEEDS[0]).shuffle(rows)
    with new_file(out) as temporary:
        temporary.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return counts


def _texts(file: Path) -> Iterator[str]:
    for row in map(json.loads, read(file)):
        yield from row.values()


def main() -> None:
    """Train, score, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/languages"))
    parser.add_argument("--steps", type=int, default=STEPS, help="only to try it: with fewer, nothing is recorded")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    pairs, run = asked.work / "bitext.jsonl", asked.work / "run"
    counts = bitext(asked.data_dir, pairs)
    shutil.rmtree(run, ignore_errors=True)
    changes = (
        f"data.sources.0.path={pairs}",
        f"encoder.backbone={MODEL}",
        f"encoder.teacher.model={MODEL}",
        "training.epochs=null",
        f"training.steps={asked.steps}",
        "evaluation.after=[tatoeba, sts]",
        f"evaluation.data_dir={asked.data_dir}",
        f"seed={SEEDS[0]}",
        *SETTINGS,
    )
    begin = time.monotonic()
    run_command(textcl("train", "multilingual", *changes, "--out", str(run)), "training")
    minutes = (time.monotonic() - begin) / 60
    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    found = {when: {name: dict([next(iter(task.items()))]) for name, task in report[when].items()} for when in WHEN}
    record = {"seed": SEEDS[0], "pairs": counts, "changes": changes, "minutes": round(minutes, 1), **found}
    print(json.dumps(record, indent=1))
    if asked.steps == STEPS:
        write_json(RESULTS / "languages.json", record)


if __name__ == "__main__":
    main()
