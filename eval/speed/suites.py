"""The suites sts + scifact from the command to the scores: `textcl evaluate` against sentence-transformers' evaluators.

Each side is a process of its own, in turn: start, imports, model, data and scores all count, as a user waits for them.
The evaluators are EmbeddingSimilarityEvaluator for each STS set and InformationRetrievalEvaluator for SciFact, with
their defaults; textcl's side adds 95 % intervals. Both read the same files.

Run: python eval/speed/suites.py --data-dir DIR [--limit N]
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from machine import MODEL, alternate, ratio, record, show

STS = ("sts12", "sts13", "sts14", "sts15", "sts16", "stsb-test", "sickr-test")
SUITES = ("sts", "scifact")
WANTED = 3.0  # times as fast
FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")


def main() -> None:
    """Measure, print and record; or, as a process of the peer, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="holds sts/ and retrieval/scifact/")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, help="pairs a set and documents; a trial, which is not recorded")
    parser.add_argument("--precision", default="auto", help="of textcl")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        print(json.dumps(scores_of_peer(arguments.data_dir)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data_dir if arguments.limit is None else cut(arguments.data_dir, Path(folder), arguments.limit)
        compare(data, arguments.precision, arguments.repeats, is_trial=arguments.limit is not None)


def compare(data: Path, precision: str, repeats: int, *, is_trial: bool) -> None:
    """Measure both sides, print, and record unless it is a trial."""
    scores: dict[str, dict[str, float]] = {}
    measured = alternate(sides(data, precision, scores), repeats)
    faster = ratio(measured["sentence-transformers"], measured["textcl"])
    show(measured, {"sentence-transformers": (faster, WANTED)})
    print(json.dumps(scores, indent=2))
    if not is_trial:
        record(
            "suites",
            {
                "suites": list(SUITES),
                "precision": precision,
                "seconds": measured,
                "times_as_fast": faster,
                "wanted": WANTED,
                "spearman_or_ndcg@10": scores,
            },
        )


def sides(data: Path, precision: str, scores: dict[str, dict[str, float]]) -> dict[str, Callable[[], float]]:
    """Return for each side what measures the seconds of one process; it leaves its scores in `scores`."""
    peer = [sys.executable, __file__, "--data-dir", str(data), "--peer"]

    def theirs() -> float:
        start = time.perf_counter()
        done = subprocess.run(peer, stdout=subprocess.PIPE, text=True, check=True)
        seconds = time.perf_counter() - start
        scores["sentence-transformers"] = json.loads(done.stdout.splitlines()[-1])
        return seconds

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "scores.json"
            options = ["--data-dir", str(data), "--precision", precision, "--json", str(report)]
            command = [sys.executable, "-m", "textcl", "evaluate", MODEL, *SUITES, *options]
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            seconds = time.perf_counter() - start
            scores["textcl"] = main_scores(json.loads(report.read_text()))
        return seconds

    return {"sentence-transformers": theirs, "textcl": ours}


def main_scores(report: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """Return the metric that is compared of each task of a report."""
    wanted = {**dict.fromkeys(STS, "spearman"), "scifact": "ndcg@10"}
    return {task: round(report[task][metric]["value"], 5) for task, metric in wanted.items()}


def scores_of_peer(data: Path) -> dict[str, float]:
    """Score the model by sentence-transformers' evaluators."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.evaluation import (
        EmbeddingSimilarityEvaluator,
        InformationRetrievalEvaluator,
    )

    from textcl.encoder.locate import find_folder

    model = SentenceTransformer(str(find_folder(MODEL)), device="cpu")
    scores = {}
    for name in STS:
        rows = rows_of(data / "sts" / f"{name}.jsonl")
        sides = ([row["sentence1"] for row in rows], [row["sentence2"] for row in rows])
        evaluator = EmbeddingSimilarityEvaluator(*sides, [row["score"] for row in rows])
        scores[name] = round(float(evaluator(model)["spearman_cosine"]), 5)
    search = InformationRetrievalEvaluator(*scifact(data / "retrieval" / "scifact"))
    scores["scifact"] = round(float(search(model)["cosine_ndcg@10"]), 5)
    return scores


def scifact(folder: Path) -> tuple[dict[str, str], dict[str, str], dict[str, set[str]]]:
    """Read queries, corpus and relevant documents; the judged queries alone, as the evaluator wants them."""
    relevant: dict[str, set[str]] = {}
    for line in lines(folder / "qrels.tsv")[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            relevant.setdefault(query, set()).add(document)
    queries = {str(row["_id"]): row["text"] for row in rows_of(folder / "queries.jsonl") if str(row["_id"]) in relevant}
    corpus = {
        str(row["_id"]): f"{row.get('title', '')} {row['text']}".strip() for row in rows_of(folder / "corpus.jsonl")
    }
    return queries, corpus, relevant


def cut(data: Path, folder: Path, limit: int) -> Path:
    """Write the first rows of each STS set, its last, and the first of SciFact's corpus to a folder, for a trial."""
    (folder / "sts").mkdir()
    (folder / "retrieval" / "scifact").mkdir(parents=True)
    for name in STS:
        *head, last = lines(data / "sts" / f"{name}.jsonl")  # a suite may know its set by the first and the last pair
        (folder / "sts" / f"{name}.jsonl").write_text("\n".join([*head[: limit - 1], last]) + "\n", encoding="utf-8")
    for name in FILES:
        content = lines(data / "retrieval" / "scifact" / name)
        kept = content[:limit] if name == "corpus.jsonl" else content
        (folder / "retrieval" / "scifact" / name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a JSON Lines file."""
    return [json.loads(line) for line in lines(path)]


def lines(path: Path) -> list[str]:
    """Read the lines of a file, plain or gzipped."""
    zipped = path.with_name(f"{path.name}.gz")
    text = path.read_text(encoding="utf-8") if path.exists() else gzip.decompress(zipped.read_bytes()).decode("utf-8")
    return text.splitlines()


if __name__ == "__main__":
    main()
