"""Token embeddings, trained and encoded: the recipe `static` against sentence-transformers' StaticEmbedding.

A table of MiniLM's 30,522 tokens by 256 channels with random weights, which speed does not depend on. Training: pairs
of runs of words, 256 a batch, a process for each side in turn; a step counts from the end of the one before it. The
trainer's loss is MultipleNegativesRankingLoss. Encoding: both in this process, the same texts.

Run: python eval/speed/static.py
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean

from machine import MODEL, alternate, ratio, record, sentences, show
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from train import output_of, seconds_of_trainer

import textcl
from textcl.encoder.locate import find_folder

ROWS, WIDTH, TEXTS, WARM_UP = 256, 256, 20_000, 5


def main() -> None:
    """Measure, print and record; or, as a process of the peer, train and print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40, help="of a process, warm-up included")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trainer", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.trainer:
        rows = [json.loads(line) for line in (arguments.trainer / "pairs.jsonl").read_text().splitlines()]
        pairs = {name: [row[name] for row in rows] for name in ("anchor", "positive")}
        print(json.dumps(seconds_of_trainer(arguments.trainer / "model", pairs, ROWS)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, ROWS * arguments.steps)
        trained = alternate(
            {"trainer": lambda: of_trainer(folder), "textcl": lambda: of_textcl(folder, arguments.steps)},
            arguments.repeats,
        )
        encoded = alternate(encoders(folder / "model"), arguments.repeats)
    faster = {"trainer": ratio(trained["trainer"], trained["textcl"])}
    faster["encode"] = ratio(encoded["SentenceTransformer.encode"], encoded["textcl"])
    show(trained, {"trainer": (faster["trainer"], 1.0)})
    show(encoded, {"SentenceTransformer.encode": (faster["encode"], 1.0)})
    counted = {"rows": ROWS, "width": WIDTH, "steps": arguments.steps - WARM_UP, "texts": TEXTS}
    record("static", {**counted, "seconds_a_step": trained, "seconds_to_encode": encoded, "times_as_fast": faster})


def prepare(folder: Path, rows: int) -> None:
    """Write the model and the pairs."""
    tokenizer = Tokenizer.from_file(str(find_folder(MODEL) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=WIDTH)], device="cpu").save(
        str(folder / "model")
    )
    texts = sentences(2 * rows)
    pairs = [{"anchor": texts[row], "positive": texts[rows + row]} for row in range(rows)]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")


def of_trainer(folder: Path) -> float:
    """Return the mean seconds of a step of the peer."""
    return mean(json.loads(output_of([sys.executable, __file__, "--trainer", str(folder)]))[WARM_UP:])


def of_textcl(folder: Path, steps: int) -> float:
    """Return the mean seconds of a step of ours, from the log of the run."""
    with tempfile.TemporaryDirectory() as out:
        run = Path(out) / "run"
        changes = [f"data.sources.0.path={folder / 'pairs.jsonl'}", f"encoder.backbone={folder / 'model'}"]
        changes += [f"data.batch_size={ROWS}", f"training.steps={steps}", "training.epochs=null"]
        output_of([sys.executable, "-m", "textcl", "train", "static", *changes, "--out", str(run)])
        log = (run / "log.jsonl").read_text().splitlines()
    return mean(ROWS / json.loads(line)["rows_per_second"] for line in log[WARM_UP:])


def encoders(folder: Path) -> dict[str, Callable[[], float]]:
    """Return what measures each side's encoding of the texts, after a first call."""
    texts = sentences(TEXTS, seed=3)
    ours, theirs = textcl.load(str(folder)), SentenceTransformer(str(folder), device="cpu")

    def seconds(encode: Callable[[list[str]], object]) -> float:
        start = time.perf_counter()
        encode(texts)
        return time.perf_counter() - start

    for encoder in (ours, theirs):
        encoder.encode(texts[:100])
    return {"SentenceTransformer.encode": lambda: seconds(theirs.encode), "textcl": lambda: seconds(ours.encode)}


if __name__ == "__main__":
    main()
