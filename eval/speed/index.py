"""Sentences to a saved index, and a search in it: `textcl index` against sentence-transformers plus FAISS by hand.

Each side is a process of its own, in turn: imports, model, encoding, building and writing all count. By hand means what
their manuals show: `SentenceTransformer.encode` with its defaults, `faiss.IndexFlatIP`, `faiss.write_index`. The texts
are real sentences, a line each.

Run: python eval/speed/index.py --texts FILE[.gz]
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from machine import MODEL, alternate, ratio, record, show

K = 10  # hits of a query


def main() -> None:
    """Measure, print and record; or, as a process of the peer, index."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer is not None:
        index_by_hand(arguments.texts, arguments.peer)
        return
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.txt"
        rows = cut(arguments.texts, texts, arguments.rows)
        measured = alternate(sides(texts, Path(folder)), arguments.repeats)
        agreement = same_hits(texts, Path(folder))
    faster = ratio(measured["sentence-transformers + FAISS"], measured["textcl"])
    show(measured, {"sentence-transformers + FAISS": (faster, 1.0)})
    print(f"the same {K} hits for {100 * agreement:.1f} % of 500 queries' hits")
    record("index", {"rows": rows, "seconds": measured, "times_as_fast": faster, "same_hits": agreement})


def cut(source: Path, target: Path, rows: int) -> int:
    """Write the first lines of a text file, and return how many."""
    opened = gzip.open if source.suffix == ".gz" else open
    with opened(source, "rt", encoding="utf-8") as lines:
        kept = list(islice((line for line in lines if line.strip()), rows))
    target.write_text("".join(kept), encoding="utf-8")
    return len(kept)


def sides(texts: Path, folder: Path) -> dict[str, Callable[[], float]]:
    """Return for each side what measures the seconds of one process."""
    peer = [sys.executable, __file__, "--texts", str(texts), "--peer", str(folder / "peer.faiss")]
    ours = [sys.executable, "-m", "textcl", "index", MODEL, str(texts), "--out"]
    runs = iter(range(1000))
    return {
        "sentence-transformers + FAISS": lambda: seconds(peer),
        "textcl": lambda: seconds([*ours, str(folder / f"textcl-{next(runs)}")]),
    }


def seconds(command: list[str]) -> float:
    """Return how long a process takes."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def index_by_hand(texts: Path, out: Path) -> None:
    """Do what a user of sentence-transformers and FAISS would write."""
    import faiss
    from sentence_transformers import SentenceTransformer

    from textcl.encoder.locate import find_folder

    model = SentenceTransformer(str(find_folder(MODEL)), device="cpu")
    lines = texts.read_text(encoding="utf-8").splitlines()
    vectors = model.encode(lines, normalize_embeddings=True, show_progress_bar=False)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(out))
    out.with_suffix(".json").write_text(json.dumps(lines), encoding="utf-8")  # an index without its texts is no use


def same_hits(texts: Path, folder: Path) -> float:
    """Return the share of hits that both indexes have in common, for 500 of the texts as queries."""
    import faiss
    import numpy as np

    import textcl
    from textcl.indexes.build import open_index

    queries = textcl.load(MODEL).encode(texts.read_text(encoding="utf-8").splitlines()[:500])
    ours = open_index(folder / "textcl-0" / "index").search(queries, K).ids
    theirs = faiss.read_index(str(folder / "peer.faiss")).search(queries, K)[1]
    return float(np.mean([len(np.intersect1d(a, b)) / K for a, b in zip(ours, theirs, strict=True)]))


if __name__ == "__main__":
    main()
