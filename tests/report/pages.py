"""Run folders as `textcl train` leaves them, made by hand, with the texts that break pages."""

import json
from pathlib import Path
from typing import Any

from textcl.report.page_data import Hit, PageData, QueryChange, Similarities, TextMap, write_page_data

NASTY = (
    "<script>document.title = 'broken'</script>",
    "a \"quoted\" 'query' & more",
    "line\u2028separator",
    "שלום עולם",
    "👩‍👩‍👧 a family",
    "</li></ol><b>bold</b>",
    "{{ 7 * 7 }}",
    "--><!-- ]]>",
)  # fmt: skip
BINS = 80


def score(value: float | None, **more: Any) -> dict[str, Any]:
    low, high = (None, None) if value is None else (value - 0.02, value + 0.03)
    return {"value": value, "low": low, "high": high, **more}


def page_data(texts: tuple[str, ...] = NASTY) -> PageData:
    """Data of two models on one retrieval task, whose texts these are: queries first, then as many documents."""
    half = len(texts) // 2
    bins = tuple(5 if 30 < number < 60 else 0 for number in range(BINS))
    positions = tuple((number / len(texts), (number * 7 % len(texts)) / len(texts)) for number in range(len(texts)))
    hits = tuple(Hit(text, number == 1) for number, text in enumerate(texts[:5]))
    return PageData(
        made="2026-01-02T03:04+00:00",
        models=("before", "after"),
        similarities={"held <out>": (Similarities(bins, bins[::-1], 0.9), Similarities(bins, bins[::-1], 0.95))},
        map=TextMap(
            task="held <out>",
            texts=texts,
            is_document=tuple(number >= half for number in range(len(texts))),
            pairs=tuple((number, number + half) for number in range(half)),
            layouts=(positions, positions[::-1]),
        ),
        queries={
            "held <out>": (
                QueryChange(texts[0], (0.0, 1.0), (None, 1), (hits, hits)),
                QueryChange(texts[1], (1.0, 0.5), (1, 2), (hits, ())),
            )
        },
    )


def run_folder(folder: Path, *, scored: bool = True, steps: int = 30, **report: Any) -> Path:
    """Write a run folder; without scores it is that of a recipe without evaluation."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(
        "name: my-run\nseed: 17\ndata: {sources: [{use: TextLines, path: mine.txt}], batch_size: 64, max_length: 32}\n"
        "encoder: {backbone: 'a <b> backbone', pooling: mean, layers: null}\n"
        "objective: {use: Matryoshka, objective: {use: InfoNCE, temperature: 0.05, learns_temperature: false}}\n"
        "training: {learning_rate: 3.0e-5, warmup: 0.06, schedule: linear, precision: float32}\n",
        encoding="utf-8",
    )
    packages = {"textcl": "0.1.0", "torch": "2.13"}
    facts = {"data": {"rows": 12345}, "device": "cpu", "processes": 1, "platform": "Linux", "packages": packages}
    (folder / "run.json").write_text(json.dumps(facts))
    lines = [
        {"step": step, "steps": steps, "loss": 2 / step, "learning_rate": 3e-5, "gradient_norm": 1.0,
         "rows_per_second": 100.0 + step, "tokens_per_second": 1000.0, "padding_share": 0.1, "terms": {},
         "readings": {} if step % 10 != 1 else {"alignment": 0.5, "uniformity": -2.0 - step, "effective_rank": 50.0,
                                                "mean_cosine": 0.2, "identical_share": 0.0}}
        for step in range(1, steps + 1)
    ]  # fmt: skip
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"step": 31, "lo')
    if scored:
        parts = {
            "before": {"held <out>": {"ndcg@10": score(0.4), "mrr@10": score(None)}, "sts": {"spearman": score(0.8)}},
            "after": {"held <out>": {"ndcg@10": score(0.5), "mrr@10": score(None)}, "sts": {"spearman": score(0.8)}},
            "difference": {
                "held <out>": {
                    "ndcg@10": score(0.1, p=0.0002, verdict="better"),
                    "mrr@10": score(None, p=None, verdict="cannot tell"),
                },
                "sts": {"spearman": score(0.0, p=0.4, verdict="cannot tell")},
            },
        }
        (folder / "report.json").write_text(json.dumps({**parts, **report}))
        write_page_data(folder, page_data())
    return folder
