"""Scores on the way of a run, and the best model by one of them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from textcl.atomic import new_file
from textcl.encoder import TextEncoder, open_encoder
from textcl.errors import RecipeError
from textcl.evaluation import Task, evaluate
from textcl.recipe.schema import During
from textcl.training import Log, Ranks, StepLog
from textcl.types import Embed

BEST = "best"  # folder of the best model so far, in the run folder


class DuringEvaluation:
    """Scores an encoder every so many steps and keeps the best, if the recipe says by what.

    Args:
        section: How often, and by which `task/metric` the best is kept.
        tasks: What is scored.
        embed: Returns the encoder that is trained, as it is now; vectors that it remembers must not outlive a step.
        encoder: The same, to be saved.
        folder: The run folder; `evaluations.jsonl` and `best/` are written by rank 0.
        ranks: Every rank scores, with equal results.
        done: Steps of an earlier run.
        on_scores: Called with the step and its scores.
        on_best: Called on rank 0 when a better model was kept, with what is said of it.
    """

    def __init__(
        self,
        section: During,
        tasks: list[Task],
        embed: Callable[[], Embed],
        encoder: TextEncoder,
        folder: Path,
        ranks: Ranks,
        done: int,
        on_scores: Callable[[int, dict[str, float]], None],
        on_best: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.section, self.tasks, self.embed, self.encoder = section, tasks, embed, encoder
        self.folder, self.ranks, self.on_scores, self.on_best = folder, ranks, on_scores, on_best
        self._log = Log(folder / "evaluations.jsonl", done) if ranks.is_main else None

    def __call__(self, entry: StepLog) -> None:
        """Score the encoder, if that is due after this step."""
        if entry.step % self.section.every and entry.step != entry.steps:
            return
        scores = self._scores()
        self.on_scores(entry.step, scores)
        if self._log is None:
            return
        self._log.add({"step": entry.step, **scores})
        if self.section.keep_best_by is not None:
            self._keep(entry.step, self._chosen(scores, self.section.keep_best_by))

    def _scores(self) -> dict[str, float]:
        """Return `task/metric` -> score of every task."""
        samples = evaluate(self.tasks, self.embed())
        return {
            f"{task}/{metric}": float(value[0])
            for task, sample in samples.items()
            for metric, value in sample.metrics(np.ones((1, sample.size))).items()
        }

    def _chosen(self, scores: dict[str, float], name: str) -> float:
        if name not in scores:
            raise RecipeError(f"evaluation.during.keep_best_by: found '{name}'. It takes one of {', '.join(scores)}.")
        return scores[name]

    def _keep(self, step: int, score: float) -> None:
        record = self.folder / BEST / "best.json"
        if record.exists() and not score > json.loads(record.read_text(encoding="utf-8"))["score"]:
            return
        self.encoder.save(self.folder / BEST / "model")
        with new_file(record) as temporary:
            temporary.write_text(json.dumps({"step": step, "score": score}), encoding="utf-8")
        self.on_best(f"step {step}, {self.section.keep_best_by} {100 * score:.2f}")


def take_best(encoder: TextEncoder, folder: Path) -> None:
    """Give an encoder the weights of the best model of a run, if the run kept one."""
    if (folder / BEST / "best.json").exists():
        encoder.load_state_dict(open_encoder(folder / BEST / "model", device="cpu").state_dict())
