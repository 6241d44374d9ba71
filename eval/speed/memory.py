"""Peak memory of training at batch 1024 against batch 64: each a process of its own, `textcl train` as a user runs it.

Run: python eval/speed/memory.py
"""

import argparse
import tempfile
from pathlib import Path

from machine import peak, record, sentences, train_command

LARGE, SMALL = 1024, 64  # rows
WANTED = 1.3  # times the memory, at most


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        corpus.write_text("\n".join(sentences(2 * LARGE)) + "\n", encoding="utf-8")
        megabytes = {
            f"batch {rows}": [trained(corpus, rows, arguments.steps) for _ in range(arguments.repeats)]
            for rows in (SMALL, LARGE)
        }
    value = max(megabytes[f"batch {LARGE}"]) / min(megabytes[f"batch {SMALL}"])
    for name, peaks in megabytes.items():
        print(f"{name:24} {max(peaks):8.0f} MB at most")
    print(f"ratio {value:.3f}, wanted at most {WANTED}")
    record("memory", {"megabytes": megabytes, "ratio": round(value, 3), "wanted": WANTED})


def trained(corpus: Path, rows: int, steps: int) -> float:
    """Train in a fresh process and return the most memory it held at once, in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        return peak(train_command(corpus, Path(folder) / "run", rows, steps))


if __name__ == "__main__":
    main()
