"""What learning from scores gains: a small encoder ranks texts as a judge scored them, against the same texts unscored.

The small encoder is the lower four layers of all-MiniLM, the texts are pairs of docstrings, and two judges are trained
on the same pairs: a larger encoder (all six layers), and a cross-encoder (all six layers as a start, by the trainer of
sentence-transformers). Each mines and scores with `textcl mine`, then `textcl train listwise` learns from it. A tenth
of the pairs is held out, and chooses the learning rate with the first seed. The score is of packages that none was
trained on. Writes the record `eval/results/judged.json`; a run that is there is not made again.

Run: python eval/tables/judged.py --data-dir ../shared/data
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from statistics import mean, stdev

from corpora import prepare
from runner import run_command, textcl
from scoring import Scorer
from trial import FOUR, MODEL, SEEDS

from textcl.encoder.opening import build_encoder
from textcl.util.atomic import write_json

RESULTS = Path(__file__).parents[1] / "results"
RATES = ("1e-4", "3e-4")
SCORES = ("docstrings", "stsb-test")
MINING = ("--range", "0:10", "--negatives", "5")
COMMON = ("data.max_length=64", "data.held_out=0.1", f"encoder.backbone={MODEL}", FOUR)
INFONCE = ("objective={use: InfoNCE, temperature: 0.05}", "data.sources.0.score=null")
LOGITS = ("objective.teacher_temperature=1.0",)  # as a cross-encoder scores
# What is trained on whose negatives.
ARMS = {
    "InfoNCE, negatives of the larger encoder": ("encoder", INFONCE),
    "ListwiseKL, scores of the larger encoder": ("encoder", ()),
    "ListwiseKL, scores of the cross-encoder": ("cross-encoder", LOGITS),
}
HELD_OUT = "held_out"


def scored(judge: str, pairs: Path, work: Path) -> Path:
    """Train a judge, mine and score with it, and return the file of scored pairs."""
    larger, cross, out = work / "larger", work / "cross", work / f"{judge}.jsonl"
    if not (larger / "report.json").exists():
        shutil.rmtree(larger, ignore_errors=True)
        changes = (f"data.sources.0.path={pairs}", "data.max_length=64", f"encoder.backbone={MODEL}")
        run_command(textcl("train", "pairs", *changes, f"seed={SEEDS[0]}", "--out", str(larger)), "the larger encoder")
    if judge == "encoder" and not out.exists():
        _mine(pairs, larger, out)
    if judge == "cross-encoder" and not out.exists():
        if not (cross / "config.json").exists():
            command = Path(__file__).with_name("cross_encoder.py")
            mined = scored("encoder", pairs, work)
            run_command([sys.executable, str(command), MODEL, str(mined), str(cross)], "the cross-encoder")
        _mine(pairs, larger, out, "--cross-encoder", str(cross))
    return out


def _mine(pairs: Path, model: Path, out: Path, *more: str) -> None:
    run_command(textcl("mine", str(pairs), "--model", str(model), "--out", str(out), *MINING, *more), "mining")


class Runs:
    """Trains and scores, and keeps what is done.

    Args:
        work: Where runs lie.
        scorer: Scores models.
        record: The file of results.
    """

    def __init__(self, work: Path, scorer: Scorer, record: Path) -> None:
        self._work, self._scorer, self._record = work, scorer, record
        self.done = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}

    def start(self) -> dict[str, float]:
        """Return the scores of the small encoder before any training."""
        if "start" not in self.done:
            folder = self._work / "start"
            build_encoder(MODEL, layers=4, pooling="mean", max_length=64).save(folder)
            self._keep("start", self._scorer(folder, SCORES))
        return dict(self.done["start"])

    def run(self, arm: str, file: Path, changes: tuple[str, ...], rate: str, seed: int) -> dict[str, float]:
        """Return the scores of a run, and what its held-out pairs say."""
        key = f"{arm}/{rate}/{seed}"
        if key not in self.done:
            out = self._work / "run"
            shutil.rmtree(out, ignore_errors=True)
            settings = (
                f"data.sources.0.path={file}",
                *COMMON,
                *changes,
                f"training.learning_rate={rate}",
                f"seed={seed}",
            )
            run_command(textcl("train", "listwise", *settings, "--out", str(out)), key)
            report = json.loads((out / "report.json").read_text(encoding="utf-8"))
            held = next(iter(next(iter(report["after"].values())).values()))["value"]
            self._keep(key, {**self._scorer(out / "model", SCORES), HELD_OUT: round(100 * held, 4)})
        return dict(self.done[key])

    def _keep(self, key: str, value: dict[str, float]) -> None:
        self.done[key] = value
        print(key, value, flush=True)
        write_json(self._record, self.done)


def main() -> None:
    """Do what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/judged"))
    asked = parser.parse_args()
    pairs = prepare(asked.data_dir, asked.work, ["docstring-pairs"])["docstring-pairs"]
    runs = Runs(asked.work, Scorer(asked.data_dir), RESULTS / "judged.json")
    print("start", runs.start())
    for arm, (judge, changes) in ARMS.items():
        file = scored(judge, pairs, asked.work)
        first = {rate: runs.run(arm, file, changes, rate, SEEDS[0])[HELD_OUT] for rate in RATES}
        rate = max(RATES, key=lambda each: first[each])
        found = [runs.run(arm, file, changes, rate, seed)["docstrings"] for seed in SEEDS]
        print(f"{arm}: {mean(found):.2f} ± {stdev(found):.2f} at {rate}", flush=True)


if __name__ == "__main__":
    main()
