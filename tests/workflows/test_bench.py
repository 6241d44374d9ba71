"""A benchmark of search: what is asked for is measured, on the vectors that the model gives."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forks import FORKS
from tests.tiny import tiny_encoder
from tests.workflows.test_index import TEXTS, Watched
from textcl.errors import DataError, SearchError
from textcl.files.corpora import Corpus
from textcl.workflows import bench as benchmarking
from textcl.workflows.bench import Benchmark, BenchRequest, bench_search, default_factories


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    rows = [json.dumps({"_id": f"d{row}", "text": text}) for row, text in enumerate(TEXTS)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(rows) + "\n")
    return Corpus(tmp_path / "corpus.jsonl", id_column="_id")


@pytest.fixture
def model(tmp_path: Path) -> str:
    tiny_encoder().save(tmp_path / "model")
    return str(tmp_path / "model")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmarking, "Setup", lambda *setup: replace(_SETUP(*setup), seconds=0.01))
    monkeypatch.setattr("textcl.benchmark.measure.get_context", lambda _: FORKS)


_SETUP = benchmarking.Setup


def bench(model: str, corpus: Corpus, out: Path, progress: Watched | None = None, **request: object) -> Benchmark:
    return bench_search(model, corpus, out, BenchRequest(**request), "float32", progress or Watched())


def test_exact_search_stands_first_and_what_is_asked_for_follows(tmp_path: Path, model: str, corpus: Corpus) -> None:
    found = bench(model, corpus, tmp_path / "out", factories=("SQ8",), dimensions=(4,), k=3)
    assert (found.texts, found.queries, found.dimension) == (50, 50, 16)
    assert [index.index for index in found.indexes] == ["exact", "SQ8", "exact, first 4"]
    exact, scalar, cut = (index.points[0] for index in found.indexes)
    assert exact.recall == 1.0
    assert 0.8 < scalar.recall <= 1.0
    assert cut.recall < scalar.recall


def test_a_second_benchmark_embeds_nothing(tmp_path: Path, model: str, corpus: Corpus) -> None:
    bench(model, corpus, tmp_path / "out", factories=("SQ8",))
    progress = Watched()
    bench(model, corpus, tmp_path / "out", progress, factories=("SQfp16",))
    assert not any(name.startswith("Embedding") for name, _, _ in progress.phases)


def test_an_index_that_the_corpus_is_too_small_for_is_refused_before_anything_is_embedded(
    tmp_path: Path, model: str, corpus: Corpus
) -> None:
    progress = Watched()
    with pytest.raises(SearchError, match="IVF4096"):
        bench(model, corpus, tmp_path / "out", progress, factories=("SQ8", "IVF4096,Flat"))
    assert not any(name.startswith("Embedding") for name, _, _ in progress.phases)


def test_one_text_alone_has_no_neighbour_to_find(tmp_path: Path, model: str) -> None:
    (tmp_path / "one.txt").write_text("a dog runs\n")
    with pytest.raises(SearchError, match="holds one text, which has no neighbour"):
        bench(model, Corpus(tmp_path / "one.txt"), tmp_path / "out", factories=("Flat",))


def test_judged_queries_of_a_file_are_scored(tmp_path: Path, model: str, corpus: Corpus) -> None:
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    queries.write_text("".join(json.dumps({"_id": f"q{n}", "text": TEXTS[n]}) + "\n" for n in range(3)))
    qrels.write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\nq2\td2\t1\nq2\tgone\t1\n")
    found = bench(model, corpus, tmp_path / "out", factories=("SQ8",), queries=queries, qrels=qrels)
    ideal = (1 + 1 / (1 + 1 / 1.584962500721156)) / 2  # q1 is not judged; of q2's two documents one is not there
    assert found.queries == 3
    assert found.indexes[0].points[0].ndcg == pytest.approx(ideal)


def test_judgements_of_other_queries_are_told(tmp_path: Path, model: str, corpus: Corpus) -> None:
    queries, qrels = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv"
    queries.write_text('{"_id": "q0", "text": "a"}\n')
    qrels.write_text("query-id\tcorpus-id\tscore\nq7\td0\t1\n")
    with pytest.raises(DataError, match="query 'q7' is judged but is not among the 1 queries"):
        bench(model, corpus, tmp_path / "out", queries=queries, qrels=qrels)
    with pytest.raises(SearchError, match="--queries"):
        bench(model, corpus, tmp_path / "out", qrels=qrels)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"factories": ("IVF64,Flat",)}, "IVF64"),
        ({"factories": ("Nonsense",)}, "Nonsense"),
        ({"dimensions": (16,)}, "16 numbers"),
    ],
)
def test_what_can_not_be_built_is_told_before_anything_is_measured(
    tmp_path: Path, model: str, corpus: Corpus, job: dict[str, object], message: str
) -> None:
    progress = Watched()
    with pytest.raises(SearchError, match=message):
        bench(model, corpus, tmp_path / "out", progress, **job)
    assert not any(name.startswith("Measuring") for name, _, _ in progress.phases)


def test_the_choice_without_factories_suits_the_size() -> None:
    assert default_factories(50, 16) == ("Flat", "SQ8", "HNSW32", "BFlat,RFlat")
    assert "IVF1024,PQ48" in default_factories(100_000, 384)
    assert "IVF128,Flat" in default_factories(6_000, 384)
    assert not any("PQ" in factory for factory in default_factories(6_000, 384))
