"""Long documents cut into passages: planted answers at known depths, and nDCG@10 with and without, both kinds.

Planted: 200 documents of some 800 words, each of 35 sentences of Wikipedia and one about a person and what that person
collects, at a depth of 0, 25, 50, 75 or 100 %. The question names the person, and the answer counts as found
where its document comes first. Then SciFact, CISI and Medline as they are. Writes `eval/results/passages.json`.

Run: python eval/tables/passages.py --data-dir ../shared/data
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from corpora import SEED, read
from trial import MODEL

from textcl.embedding.chunking import Chunking
from textcl.evaluation.ranking_metrics import measure
from textcl.evaluation.suites import load_suite
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.files.corpora import Corpus
from textcl.util.atomic import write_json
from textcl.workflows.index import index_corpus
from textcl.workflows.search import Searcher

RESULTS = Path(__file__).parents[1] / "results"
WAYS = {
    "whole documents": None,
    "passages of 200 tokens": Chunking(200, 40),
    "passages of 100 tokens": Chunking(100, 20),
    "late passages of 100 tokens": Chunking(100, 20, late=True),
}
DEPTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
DOCUMENTS, SENTENCES = 200, 35
SETS = ("scifact", "cisi", "medline")
_SYLLABLES = ("ba", "do", "ki", "lu", "mer", "nav", "pol", "ri", "sten", "tor", "vin", "zel")
_THINGS = ("postage stamps", "old radios", "glass bottles", "tin soldiers", "railway maps", "music boxes", "brass keys")


def searcher(documents: dict[str, str], chunking: Chunking | None, folder: Path) -> Searcher:
    """Index documents in one way, and open the index."""
    file = folder / "corpus.jsonl"
    rows = (json.dumps({"_id": identity, "text": text}) for identity, text in documents.items())
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    out = folder / "index"
    index_corpus(MODEL, Corpus(file), out, factory="exact", train_rows=None, precision="auto", chunking=chunking)
    return Searcher(out)


def planted(data: Path) -> tuple[dict[str, str], dict[str, tuple[str, float]]]:
    """Return the documents, and the question for each with the depth of its answer."""
    rng = random.Random(SEED)
    sentences = rng.sample(list(read(data / "sentences/wiki-mixed.txt.gz")), DOCUMENTS * SENTENCES)
    documents, questions = dict[str, str](), dict[str, tuple[str, float]]()
    for number in range(DOCUMENTS):
        own, depth = sentences[number * SENTENCES : (number + 1) * SENTENCES], DEPTHS[number % len(DEPTHS)]
        name = " ".join("".join(rng.sample(_SYLLABLES, 3)).capitalize() for _ in range(2))
        own.insert(round(depth * SENTENCES), f"{name} has collected {rng.choice(_THINGS)} since childhood.")
        documents[str(number)] = " ".join(own)
        questions[str(number)] = (f"What does {name} collect?", depth)
    return documents, questions


def planted_found(opened: Searcher, questions: dict[str, tuple[str, float]]) -> dict[str, float]:
    """Return how many answers stand in the first document, by depth, in percent."""
    found = opened.search([question for question, _ in questions.values()], 1)
    right = [hits[0].id == number for hits, number in zip(found, questions, strict=True)]
    depths = [depth for _, depth in questions.values()]
    return {
        f"{depth:.0%}": round(
            100 * float(np.mean([is_right for is_right, own in zip(right, depths, strict=True) if own == depth])), 1
        )
        for depth in DEPTHS
    }


def judged_found(opened: Searcher, task: Retrieval) -> float:
    """Return nDCG@10, in percent."""
    queries: Sequence[str] = list(task.queries)
    found = opened.search([task.queries[query] for query in queries], 100)
    ranking = {query: {hit.id: hit.score for hit in hits} for query, hits in zip(queries, found, strict=True)}
    return round(100 * float(np.mean(measure(task.qrels, ranking)["ndcg@10"])), 2)


def main() -> None:
    """Index, search, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    asked = parser.parse_args()
    documents, questions = planted(asked.data_dir)
    suites = [task for name in ("scifact", "classic") for task in load_suite(name, asked.data_dir)]
    sets = {task.name: task for task in suites if isinstance(task, Retrieval) and task.name in SETS}
    record: dict[str, dict[str, object]] = {}
    for way, chunking in WAYS.items():
        with tempfile.TemporaryDirectory() as folder:
            record[way] = {"planted": planted_found(searcher(documents, chunking, Path(folder)), questions)}
        for name, task in sets.items():
            with tempfile.TemporaryDirectory() as folder:
                record[way][name] = judged_found(searcher(dict(task.corpus), chunking, Path(folder)), task)
        print(way, record[way], flush=True)
    write_json(RESULTS / "passages.json", record)


if __name__ == "__main__":
    main()
