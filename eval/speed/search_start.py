"""CPU seconds of `textcl search INDEX "..."`, against opening the model and searching its vectors by hand.

Both sides are processes of their own that do one thing: embed one query with MiniLM, find the ten nearest of the same
vectors, print them. By hand that is `transformers` and `numpy`. The figure is user and system time of the process, not
the time on the clock: on a quiet machine both say the same, and on another the first says more.

Run: python eval/speed/search_start.py
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from machine import MODEL, alternate, record, sentences

from textcl.encoder.locate import find_folder

ROWS = 2000  # texts of the index
QUERY = "the mean of an array along an axis"
WANTED = 0.3  # seconds more than by hand, at most
BY_HAND = """
import sys
from pathlib import Path
import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer
model, index, texts, query = sys.argv[1:]
tokenizer, encoder = AutoTokenizer.from_pretrained(model), AutoModel.from_pretrained(model).eval()
with torch.inference_mode():
    tokens = tokenizer([query], truncation=True, max_length=256, return_tensors="pt")
    mask = tokens["attention_mask"][..., None]
    vector = ((encoder(**tokens).last_hidden_state * mask).sum(1) / mask.sum(1)).numpy()[0]
scores = np.load(index, mmap_mode="r") @ (vector / np.linalg.norm(vector))
lines = Path(texts).read_text(encoding="utf-8").splitlines()
for row in np.argsort(-scores)[:10]:
    print(f"{scores[row]:.4f}  {lines[row]}")
"""


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(Path(folder), arguments.repeats)
    medians = {side: round(statistics.median(values), 3) for side, values in seconds.items()}
    more = round(medians["textcl"] - medians["by hand"], 3)
    print(f"{medians}: {more} s more, wanted at most {WANTED}")
    if not arguments.no_record:
        rounded = {side: [round(value, 3) for value in values] for side, values in seconds.items()}
        record(
            "search_start", {"rows": ROWS, "cpu_seconds": rounded, "median": medians, "more": more, "wanted": WANTED}
        )


def measured(folder: Path, repeats: int) -> dict[str, list[float]]:
    """Index some texts, and search them on both sides in turn, once before it counts."""
    texts, index = folder / "texts.txt", folder / "index"
    texts.write_text("\n".join(sentences(ROWS)) + "\n", encoding="utf-8")
    verb = [sys.executable, "-m", "textcl"]
    subprocess.run([*verb, "index", MODEL, texts, "--factory", "exact", "--out", index], check=True)
    vectors = index / "index" / "vectors.npy"
    by_hand = [sys.executable, "-c", BY_HAND, str(find_folder(MODEL)), str(vectors), str(texts), QUERY]
    commands = {"textcl": [*verb, "search", str(index), QUERY], "by hand": by_hand}
    sides = {name: lambda command=command: cpu_seconds(command) for name, command in commands.items()}
    alternate(sides, 1)
    return alternate(sides, repeats)


def cpu_seconds(command: Sequence[str]) -> float:
    """Run a command and return the user and system time that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
