"""Scores on the way of a run, the best model by one of them, and an early end where it no longer gains."""

import json
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from textcl.distributed import Ranks
from textcl.encoder.opening import open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.errors import DataError
from textcl.evaluation.items import Result
from textcl.evaluation.kinds import metric_named
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import differences
from textcl.evaluation.stored import read_samples, write_samples
from textcl.evaluation.task import Sample, Task
from textcl.recipe.section import During
from textcl.training.checkpoint import Log, logged
from textcl.training.target import frozen_names, load_trained, trained_state
from textcl.types.batches import Embed
from textcl.types.protocols import StepLog
from textcl.util.atomic import new_folder, remove
from textcl.util.foreign import reading, reason_of
from textcl.workflows.run.evaluation import chosen, metrics_of

BEST = "best"  # folder of the best model so far, in the run folder
_RECORD, _TRAINED = "best.json", "trained.pt"
SCORES = "evaluations.jsonl"
_GAINS = "gains"  # folder of the outcomes that later ones are compared with, where noise counts


class DuringEvaluation:
    """Scores an encoder every so many steps, keeps the best, and ends the run, if the recipe says by what.

    Args:
        section: How often, and by which `task/metric` the best is kept and a gain is seen.
        tasks: What is scored.
        embed: Returns the encoder that is trained, as it is now; vectors that it remembers must not outlive a step.
        encoder: The same, to be saved.
        folder: The run folder; `evaluations.jsonl` and `best/` are written by rank 0.
        ranks: Every rank scores, with equal results; the first one judges them.
        done: Steps of an earlier run.
        on_scores: Called with the step and its scores.
        on_best: Called on rank 0 when a better model was kept, with what is said of it.
        whole: Gives the encoder all its weights for a block, where the ranks share them out.
        stop: Called on every rank, after the same step, with why the run is to end there.
        on_outcomes: Called with the outcomes of the tasks, item by item.
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
        whole: Callable[[], AbstractContextManager[object]] = nullcontext,
        stop: Callable[[str], None] = lambda _: None,
        on_outcomes: Callable[[Mapping[str, Sample]], None] = lambda _: None,
    ) -> None:
        self.section, self.tasks, self.embed, self.encoder = section, tasks, embed, encoder
        self.folder, self.ranks, self.on_scores, self.on_best = folder, ranks, on_scores, on_best
        self.whole, self.stop, self.on_outcomes = whole, stop, on_outcomes
        self._log = Log(folder / SCORES, done) if ranks.is_main else None
        self._patience = Patience(section, folder, done) if ranks.is_main else None

    def __call__(self, entry: StepLog) -> None:
        """Score the encoder, if that is due after this step."""
        self._score(entry.step, entry.steps)

    def catch_up(self, done: int, steps: int) -> None:
        """Do what was left undone where the run was stopped: score the encoder of a checkpoint, and end the run.

        Args:
            done: Steps of the checkpoint.
            steps: Length of the run.
        """
        if done and self.ranks.any(self._log is not None and not self._log.has(done)):
            self._score(done, steps)
        elif done:
            self._judge(done, steps)

    def _score(self, step: int, steps: int) -> None:
        if step % self.section.every and step != steps:
            return
        with self.whole():
            self._score_whole(step)
        self._judge(step, steps)

    def _score_whole(self, step: int) -> None:
        samples = evaluate(self.tasks, self.embed())
        scores = metrics_of(samples)
        self.on_scores(step, scores)
        self.on_outcomes(samples)
        if self._log is None or self._patience is None:
            return
        if self.section.keep_best_by is not None:
            self._keep(step, chosen(scores, self.section.keep_best_by))
            self._patience.note(step, samples)
        self._log.add({"step": step, **scores})  # the last thing, so that what it tells of is whole

    def _judge(self, step: int, steps: int) -> None:
        """End the run, on every rank alike, where the scores up to a step no longer gain; at its end it ends anyway."""
        reason = self._patience.is_over(step, steps) if self._patience is not None and step < steps else ""
        if self.section.patience is not None and (reason := self.ranks.first(reason)):
            self.stop(reason)

    def _keep(self, step: int, score: float) -> None:
        name = str(self.section.keep_best_by)
        if not is_better(score, _best_score(self.folder, name), name):
            return
        with new_folder(self.folder / BEST) as temporary:
            self.encoder.save(temporary / "model")
            if frozen_names(self.encoder):  # then the model's weights are merged, and cannot be taken apart again
                torch.save(trained_state(self.encoder), temporary / _TRAINED)
            record = {"step": step, "score": score, "by": name}
            (temporary / _RECORD).write_text(json.dumps(record), encoding="utf-8")
        self.on_best(f"step {step}, {name} {_points(score, name)}")


class Patience:
    """Counts the scorings in a row without a gain, from what the run folder holds; so a resumed run counts on.

    A score gains if it is better than all before it; where noise counts, if the paired difference from the last one
    that gained has an interval and a p-value that agree that it is no chance. Small gains add up to one that counts.

    Args:
        section: By which `task/metric`, and after how many scorings the run ends.
        folder: The run folder.
        done: Steps of an earlier run; what later ones left is dropped.
    """

    def __init__(self, section: During, folder: Path, done: int) -> None:
        self._section, self._folder = section, folder
        self._name = str(section.keep_best_by)
        for step, file in self._gains().items():
            if step > done:
                remove(file)

    def note(self, step: int, samples: Mapping[str, Sample]) -> None:
        """Keep an outcome that gains, where noise counts."""
        if not self._section.beyond_noise:
            return
        task, _, metric = self._name.partition("/")
        before = [file for earlier, file in sorted(self._gains().items()) if earlier < step]
        if not before or self._has_gained(before[-1], samples[task], task, metric):
            (self._folder / _GAINS).mkdir(exist_ok=True)
            write_samples(self._folder / _GAINS / f"step-{step}.npz", {task: Result("", samples[task])})

    def is_over(self, step: int, steps: int) -> str:
        """Say why a run is to end after a step; an empty text: it goes on."""
        scored = {
            line["step"]: line[self._name]
            for line in logged(self._folder / SCORES)
            if line["step"] <= step and isinstance(line.get(self._name), int | float)
        }
        last = self._last_gain(scored)
        without = sum(earlier > last for earlier in scored)
        if self._section.patience is None or without < self._section.patience:
            return ""
        noise = " beyond the noise of its interval" if self._section.beyond_noise else ""
        since = f" since step {last}, where it was {_points(scored[last], self._name)}" if last in scored else ""
        times = f"{without} scoring{'' if without == 1 else 's'}"
        return f"Stopped early after step {step} of {steps}: {self._name} has not gained{noise} in {times}{since}."

    def _last_gain(self, scored: Mapping[int, float]) -> int:
        """Return the step of the last score that gained; 0 where none did."""
        if self._section.beyond_noise:
            return max((step for step in self._gains() if step in scored), default=0)
        last, best = 0, math.nan
        for step, score in sorted(scored.items()):
            if is_better(score, best, self._name):
                last, best = step, score
        return last

    def _has_gained(self, before: Path, sample: Sample, task: str, metric: str) -> bool:
        found = differences(read_samples(before)[task].sample, sample)[metric]
        return found.verdict in ("better", "higher")

    def _gains(self) -> dict[int, Path]:
        found = (self._folder / _GAINS).glob("step-*.npz")
        return {int(file.stem.removeprefix("step-")): file for file in found}


def is_better(score: float, other: float, name: str) -> bool:
    """Say whether a score by a `task/metric` is better than another; any is better than none (NaN)."""
    if math.isnan(score) or math.isnan(other):
        return not math.isnan(score)
    return score < other if metric_named(name.partition("/")[2]).better == "lower" else score > other


def _points(score: float, name: str) -> str:
    return f"{100 * score if metric_named(name.partition('/')[2]).is_share else score:.2f}"


def take_best(encoder: TextEncoder, folder: Path, name: str | None, ranks: Ranks) -> None:
    """Give an encoder the weights of the best model that a run has kept.

    Args:
        encoder: That of this rank, as the last step left it.
        folder: The run folder.
        name: The `task/metric` that the best is kept by; None: the last weights stay.
        ranks: All get what the first one reads.
    """
    if name is None:
        return
    if ranks.is_main and not math.isnan(_best_score(folder, name)):
        _take(encoder, folder / BEST)
    ranks.agree(encoder.state_dict().values())


def _take(encoder: TextEncoder, best: Path) -> None:
    if frozen_names(encoder):
        with reading(best / _TRAINED):
            load_trained(encoder, torch.load(best / _TRAINED, map_location="cpu", weights_only=True))
    else:
        encoder.load_state_dict(open_encoder(best / "model", device="cpu").state_dict())


def _best_score(folder: Path, name: str) -> float:
    """Return the best score so far by a metric; NaN where none is kept, or one by another metric."""
    file = folder / BEST / _RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return float(record["score"]) if record.get("by") == name else math.nan
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise DataError(
            f"{file} cannot be read as the score of the best model ({reason_of(error)}). Bring it back, or remove "
            f"{file.parent}: the next best model is then kept there."
        ) from error
