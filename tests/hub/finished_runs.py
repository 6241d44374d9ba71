"""Run folders as `textcl train` leaves them, with a tiny model and made-up figures."""

import json
from pathlib import Path
from typing import Any

from tests.recipe.minimal import minimal
from tests.tiny import tiny_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.recipe.load import parse
from textcl.workflows.run.folder import write_recipe

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSIONS = {"textcl": "0.1.0", "torch": "2.13.0"}


def score(value: float | None, low: float | None = None, high: float | None = None, **more: Any) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, **more}


REPORT = {
    "before": {"faq": {"ndcg@10": score(0.4, 0.35, 0.45)}, "sts12": {"spearman": score(0.7, 0.6, 0.8)}},
    "after": {"faq": {"ndcg@10": score(0.5123, 0.45, 0.55)}, "sts12": {"spearman": score(0.6, 0.5, 0.7)}},
    "difference": {
        "faq": {"ndcg@10": score(0.1123, 0.02, 0.2, p=0.0004, verdict="better")},
        "sts12": {"spearman": score(-0.1, -0.3, 0.1, p=0.3, verdict="cannot tell")},
    },
    "leakage": {
        "faq": {
            "queries": {
                "texts": 1234, "short": 0, "exact": 21, "near": 3, "share": 24 / 1234,
                "copies": [{"text": "a very private question", "location": "/home/ada/q.jsonl, line 3", "share": 1.0,
                            "found": "a very private question"}],
            },
            "pairs": None,
        }
    },
}  # fmt: skip


def finished_run(
    folder: Path,
    model: TextEncoder | None = None,
    report: dict[str, Any] | None = None,
    base_models: tuple[str, ...] = (),
    **sections: Any,
) -> Path:
    """Write a run folder.

    Args:
        folder: Where.
        model: Its model; None: a tiny one.
        report: Its `report.json`; None: none, as of a run that was not scored.
        base_models: What it was tuned from on the Hub.
        sections: Of its recipe.
    """
    write_recipe(folder, parse(minimal(**sections), allow_code=["tests"]))
    (model or tiny_encoder()).save(folder / "model")
    facts = {
        "data": {"rows": 12345, "fingerprint": "f1f2"},
        "base_models": [{"id": name, "revision": COMMIT} for name in base_models],
        "python": "3.11.7",
        "platform": "Linux-of-ada",
        "device": "cpu",
        "processes": 1,
        "packages": VERSIONS,
    }
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / "log.jsonl").write_text('{"step": 77, "steps": 77}\n')
    if report is not None:
        (folder / "report.json").write_text(json.dumps(report))
    return folder
