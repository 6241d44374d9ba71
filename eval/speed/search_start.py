"""CPU seconds of `textcl search INDEX "..."`, against opening the model and searching its vectors by hand.

Both sides are processes of their own that do one thing: embed one query with MiniLM, find the ten nearest of the same
vectors, print them. By hand that is `transformers` and `numpy`. The figure is user and system time of the process after
the imports that both sides share, not the time on the clock: on a quiet machine both say the same, and on another the
first says more.

Run: python eval/speed/search_start.py
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import MODEL, alternate, record, sentences

from textcl.encoder.locate import find_folder

ROWS = 2000  # texts of the index
QUERY = "the mean of an array along an axis"
WANTED = 0.3  # seconds more than by hand, at most
# Both sides import these, for half of their time, which wavers by more than what is to be seen; so it is left out.
SHARED = """
import sys, time
import numpy as np
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
import transformers.models.bert.modeling_bert, transformers.models.bert.tokenization_bert
before = time.process_time()
"""
BY_HAND = """
from pathlib import Path
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
OURS = """
from textcl.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code
"""
TOLD = """
print(time.process_time() - before, file=sys.stderr)
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
    folder_of_model = str(find_folder(MODEL))
    words = {
        "textcl": (OURS, "search", str(index), QUERY),
        "by hand": (BY_HAND, folder_of_model, str(vectors), str(texts), QUERY),
    }
    sides = {name: lambda words=each: cpu_seconds(*words) for name, each in words.items()}
    alternate(sides, 1)
    return alternate(sides, repeats)


def cpu_seconds(code: str, *arguments: str) -> float:
    """Return the user and system time that a process takes after what both sides import."""
    command = [sys.executable, "-c", SHARED + code + TOLD, *arguments]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(finished.stderr.splitlines()[-1])


if __name__ == "__main__":
    main()
