"""Peak memory of `textcl index` at growing numbers of texts: each a process of its own, as a user runs it.

The texts are real sentences, repeated with a number behind them until there are enough. The encoder is MiniLM's first
layer with 32 tokens, so that encoding does not take hours: what grows, if anything does, is not the encoder.

Run: python eval/speed/index_memory.py --texts ../shared/data/sentences/wiki-mixed.txt.gz
"""

import argparse
import gzip
import itertools
import sys
import tempfile
import time
from pathlib import Path

from machine import MODEL, peak, record

TEXTCL = [sys.executable, "-m", "textcl"]

SIZES = (10_000, 100_000, 1_000_000)  # texts
WANTED = 1.1  # times the memory of the smallest corpus, at most, where the index itself stays on disk


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help="sentences, a line each, plain or .gz")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--factories", nargs="+", default=["exact", "IVF256,PQ48x4"])
    parser.add_argument("--dry", action="store_true", help="write no result")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as location:
        folder = Path(location)
        small_encoder(folder / "model")
        measured = {
            factory: {str(size): measure(folder, arguments.texts, size, factory) for size in arguments.sizes}
            for factory in arguments.factories
        }
    ratios = {factory: round(growth(sizes), 3) for factory, sizes in measured.items()}
    for factory, sizes in measured.items():
        for size, figures in sizes.items():
            shown = "  ".join(f"{name} {value:,.1f}" for name, value in figures.items())
            print(f"{factory:16} {int(size):10,} texts  {shown}")
        print(f"{factory:16} the largest corpus takes {ratios[factory]:.2f} times the memory of the smallest")
    print(f"wanted for exact: at most {WANTED}")
    if not arguments.dry:
        record("index_memory", {"measured": measured, "times_the_memory": ratios, "wanted_exact": WANTED})


def growth(sizes: dict[str, dict[str, float]]) -> float:
    """Return the peak of the last size over that of the first."""
    peaks = [figures["index_megabytes"] for figures in sizes.values()]
    return peaks[-1] / peaks[0]


def small_encoder(folder: Path) -> None:
    """Save an encoder that is quick."""
    from textcl.encoder.opening import build_encoder

    build_encoder(MODEL, layers=1, max_length=32).save(folder)


def measure(folder: Path, texts: Path, size: int, factory: str) -> dict[str, float]:
    """Index so many texts and search once, each in a fresh process."""
    corpus, out = folder / f"{size}.txt", folder / f"{size}-{factory.replace(',', '-')}"
    write_corpus(corpus, texts, size)
    start = time.perf_counter()
    index = ["index", folder / "model", corpus, "--out", out, "--factory", factory]
    megabytes = peak([*TEXTCL, *index])
    seconds = time.perf_counter() - start
    search = peak([*TEXTCL, "search", out, "a river in the north of the country"])
    disk = sum(file.stat().st_size for file in (out / "index").iterdir()) / 2**20
    return {
        "index_megabytes": round(megabytes, 1),
        "search_megabytes": round(search, 1),
        "disk_megabytes": round(disk, 1),
        "seconds": round(seconds, 1),
    }


def write_corpus(corpus: Path, texts: Path, size: int) -> None:
    """Write so many different lines: the texts, round after round, from the second on with the number of the round."""
    if corpus.exists():
        return
    with corpus.open("w", encoding="utf-8") as file:
        left = size
        for turn in itertools.count():
            with gzip.open(texts, "rt", encoding="utf-8") if texts.suffix == ".gz" else texts.open() as lines:
                for line in itertools.islice((line for line in lines if line.strip()), left):
                    file.write(line if turn == 0 else f"{line.strip()} {turn}\n")
                    left -= 1
            if left == 0:
                return


if __name__ == "__main__":
    main()
