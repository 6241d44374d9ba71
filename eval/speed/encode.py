"""Encoding: textcl against sentence-transformers' defaults, on the same 4,000 sentences, in turn in one process.

Run: python eval/speed/encode.py
On a GPU: python eval/speed/encode.py --texts 40000 --name encode-gpu
"""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from machine import MODEL, alternate, ratio, record, sentences, show
from sentence_transformers import SentenceTransformer

import textcl
from textcl.encoder.locate import find_folder

WANTED = 2.7  # times as fast


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--name", default="encode", help="of the file of results")
    arguments = parser.parse_args()
    texts = sentences(arguments.texts)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    theirs = SentenceTransformer(str(find_folder(MODEL)), device=device)
    ours = textcl.load(MODEL, precision="auto", device=device)
    sides = {
        "sentence-transformers": lambda: seconds(theirs.encode, texts),
        "textcl": lambda: seconds(ours.encode, texts),
    }
    for warm_up in sides.values():
        warm_up()
    measured = alternate(sides, arguments.repeats)
    faster = ratio(measured["sentence-transformers"], measured["textcl"])
    closeness = np.sum(ours.encode(texts) * theirs.encode(texts, normalize_embeddings=True), axis=1)
    show(measured, {"sentence-transformers": (faster, WANTED)})
    print(f"smallest cosine between the two sides' vectors: {closeness.min():.5f}")
    record(
        arguments.name,
        {
            "texts": len(texts),
            "words_on_average": round(float(np.mean([len(text.split()) for text in texts])), 2),
            "seconds": measured,
            "times_as_fast": faster,
            "wanted": WANTED,
            "smallest_cosine": round(float(closeness.min()), 6),
        },
    )


def seconds(encode: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Return the seconds that encoding the texts takes."""
    start = time.perf_counter()
    encode(texts)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
