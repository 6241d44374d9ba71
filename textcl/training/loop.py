"""The loop: steps from the newest checkpoint to the last, a log line each, a checkpoint now and then."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch

from textcl.errors import DataError, DivergedError, RowError, TextclError, TrainingError, WriteError
from textcl.training.checkpoint import (
    Log,
    Trained,
    checkpoints,
    load_checkpoint,
    mark_of,
    newest_good,
    remove_older,
    save_checkpoint,
    step_of,
)
from textcl.training.monitor import READ_EVERY, readings, readings_of_projections
from textcl.training.step import (
    MakesOptimiser,
    NonFiniteError,
    Schedule,
    Step,
    StepResult,
    learning_rate,
    make_optimiser,
    set_learning_rate,
)
from textcl.types.batches import IntArray, PairBatch
from textcl.types.protocols import StepLog
from textcl.util.processes import StopRequest, caught_signals
from textcl.util.seeds import derive, seeded

_log = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 (a person's wish, not an error)
    """The run was stopped by the user; its state is in the checkpoint."""

    def __init__(self, checkpoint: Path) -> None:
        super().__init__(f"Stopped. The run goes on from {checkpoint} with --resume.")
        self.checkpoint = checkpoint


class BatchSource(Protocol):
    """The batches of a run; each follows from its step alone."""

    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        """Return a rank's share of the batch of a step (counted from 0)."""
        ...

    def rows(self, step: int) -> IntArray:
        """Return the rows of the batch of all ranks, (B,)."""
        ...

    def location(self, row: int) -> str:
        """Say where a row stands, for messages."""
        ...


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What steers a run.

    Args:
        steps: Length of the run.
        learning_rate: At the end of the warm-up.
        objective_factor: How many times that rate the objective's own parameters have.
        weight_decay: Of matrices, as AdamW counts it.
        warmup: Fraction of the steps.
        schedule: Shape of the fall after the warm-up.
        clip: Largest norm of the gradient of all parameters.
        save_every: Steps between checkpoints; there is one at the end in any case.
        keep_checkpoints: How many to keep.
        optimiser: Makes what moves the parameters; None: AdamW.
    """

    steps: int
    learning_rate: float = 3e-5
    objective_factor: float = 1.0
    weight_decay: float = 0.01
    warmup: float = 0.06
    schedule: Schedule = Schedule.LINEAR
    clip: float = 1.0
    save_every: int = 500
    keep_checkpoints: int = 2
    optimiser: MakesOptimiser | None = None


OnStep = Callable[[StepLog], None]


class Loop:
    """Trains an encoder with a step over batches, in a run folder.

    Args:
        step: Holds the encoder, the objective and the ranks.
        batches: What to train on.
        settings: What steers the run.
        folder: The run folder; `log.jsonl` and `checkpoints/` are written by rank 0.
        on_step: Called one after the other on every rank after every step (progress, evaluation on the way).
    """

    def __init__(
        self, step: Step, batches: BatchSource, settings: TrainingSettings, folder: Path, on_step: list[OnStep]
    ) -> None:
        self.step, self.batches, self.settings = step, batches, settings
        self.folder, self.on_step = folder, on_step
        self.ranks = step.ranks
        self.optimiser = make_optimiser(
            step.encoder.parameters(),
            step.objective.parameters(),
            weight_decay=settings.weight_decay,
            objective_factor=settings.objective_factor,
            make=settings.optimiser,
        )
        self.trained = Trained(
            step.encoder, step.objective, step.target, self.optimiser, step.is_shared_out, step.scale
        )
        self.stopped: str | None = None  # why the run ends before its last step
        self._is_whole = True  # the state is that after a step, and not in the middle of one
        self._have_all_failed = False  # every rank, and in one place, so that they can still write together

    def resume(self) -> int:
        """Load the newest good checkpoint, if there is one, and return the number of steps done; every rank calls it.

        Raises:
            TrainingError: Every checkpoint is damaged, or processes on other machines have other ones.
        """
        checkpoint = self.ranks.together(lambda: newest_good(self.folder / "checkpoints"))
        steps = self.ranks.numbers(step_of(checkpoint) if checkpoint else 0)
        marks = self.ranks.numbers(mark_of(checkpoint) if checkpoint else 0)
        if len(set(marks)) > 1:
            found = ", ".join(f"process {rank}: step {step}" for rank, step in enumerate(steps))
            raise TrainingError(
                f"--resume: the processes would go on from different checkpoints of {self.folder} ({found}). Machines "
                "without a common disk each have a folder of their own: copy the whole folder of the first machine, "
                "where process 0 is, to the same location on the others."
            )
        if checkpoint is None:
            return 0
        if self.ranks.is_main:  # a kill may have come before the oldest made room
            remove_older(checkpoint, self.settings.keep_checkpoints)
        return load_checkpoint(checkpoint, self.trained)

    def run(self, done: int = 0) -> None:
        """Train from `done` steps to the end.

        Raises:
            DivergedError: The loss or a gradient is not finite; the message names the rows.
            DataError: A row cannot be used; the message names it.
            TrainingError: Something else has failed; as with a row, the steps made are in a checkpoint.
            Stopped: The user asked for it; a checkpoint has been written.
        """
        self.ranks.agree(self.step.tensors())
        log = Log(self.folder / "log.jsonl", done) if self.ranks.is_main else None
        with caught_signals() as request:
            for number in range(done, self.settings.steps if self.stopped is None else done):
                with self._keeping(number, done):
                    entry = self._train(number)
                if log:
                    log.add(asdict(entry))
                self._keep(number + 1, request)
                with self._keeping(number + 1, done):
                    for tell in self.on_step:
                        tell(entry)
                if self.stopped is not None:
                    self._end(number + 1)
                    break

    def stop(self, reason: str) -> None:
        """End the run after the step that was made last; every rank calls it there."""
        self.stopped = reason

    def _end(self, done: int) -> None:
        """Write a checkpoint of a run that ends early, unless there is one."""
        if done % self.settings.save_every and done < self.settings.steps:
            self._save(done)
        self.ranks.wait()

    @contextmanager
    def _keeping(self, steps: int, done: int) -> Iterator[None]:
        """Write a checkpoint of the steps that have been made where the block fails, and say that it is there."""
        try:
            yield
        except DivergedError:
            raise
        except Exception as error:
            if steps == 0 or not self._is_whole:
                raise
            said = self._kept(steps, is_kept=steps == done or steps % self.settings.save_every == 0)
            if isinstance(error, WriteError):  # its words are made of the system's
                raise TrainingError(f"{error}\n{said}") from error
            if isinstance(error, TextclError):
                error.args = (f"{error}\n{said}",)
            else:
                error.add_note(said)
            raise

    def _kept(self, steps: int, *, is_kept: bool) -> str:
        """Keep the steps that have been made, and say how to go on."""
        path = self.folder / "checkpoints" / f"step-{steps}"
        if self.step.is_shared_out and not is_kept and not self._have_all_failed:
            return "The processes cannot write a checkpoint together now: --resume goes on from the last one."
        try:
            if not is_kept and steps < self.settings.steps:
                self._save(steps)
        except TrainingError as error:
            return f"The {steps} steps before it are lost, but for those of earlier checkpoints: {error}"
        return f"The {steps} steps before it are kept in {path}: when that is mended, go on with --resume."

    def _train(self, number: int) -> StepLog:
        start = time.perf_counter()
        settings = self.settings
        rate = learning_rate(number, settings.steps, settings.learning_rate, settings.warmup, settings.schedule)
        self._have_all_failed = True
        batch = self.ranks.together(lambda: self.batches.batch(number, self.ranks.rank, self.ranks.count))
        self._have_all_failed = False
        waited = time.perf_counter() - start
        self.step.encoder.train()
        self.step.objective.train()
        try:
            result, norm = self._move(batch, number, rate)
        except NonFiniteError as error:
            raise DivergedError(self._explain(error, number)) from error
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"Step {number + 1}: the GPU's memory does not hold it. A lower training.live_tokens, and then a lower "
                "training.chunk_tokens, is the way out: neither changes the batch. Then go on with --resume."
            ) from error
        except RowError as error:
            location = self.batches.location(int(self.batches.rows(number)[error.row]))
            raise DataError(f"{location}: {error}") from error
        seconds = time.perf_counter() - start
        (waiting,) = self.ranks.sum([waited / seconds])
        rows = len(self.batches.rows(number))
        return StepLog(
            step=number + 1,
            steps=settings.steps,
            loss=result.loss,
            learning_rate=rate,
            gradient_norm=norm,
            rows_per_second=rows / seconds,
            tokens_per_second=result.tokens / seconds,
            padding_share=result.padding_share,
            waiting_share=waiting / self.ranks.count,
            terms=result.terms if len(result.terms) > 1 else {},
            readings={} if batch.turn % READ_EVERY else self._readings(result),
            source=batch.source,
        )

    def _readings(self, result: StepResult) -> dict[str, float]:
        """Return what the monitor reads on a step."""
        shown = self.step.objective.shown(result.batch)
        read = readings(shown) | self.step.objective.readings()
        with torch.no_grad():
            projected = self.step.objective.projected(result.batch)
        return read if projected is None else read | readings_of_projections(projected, shown)

    def _move(self, batch: PairBatch, number: int, rate: float) -> tuple[StepResult, float]:
        """Compute the gradients of a step and let the parameters follow them."""
        self._clear_gradients()
        self.step.objective.zero_grad()  # to none: heads that a batch does not touch stand still
        result = self.step.backward(batch, number)
        if result.is_beyond:
            if self.step.scale is not None and self.step.scale.now < 1:
                raise NonFiniteError("a gradient is more than fp16 holds, whatever the scale of the loss", [])
            _log.warning("Step %d: a gradient is more than fp16 holds, so no weight has moved.", number + 1)
            return result, 0.0
        norm = self.step.clip(self.settings.clip)
        if not math.isfinite(norm):
            raise NonFiniteError(f"the norm of the gradient is {norm}", [])
        set_learning_rate(self.optimiser, rate)
        self._is_whole = False
        with seeded(derive(self.step.seed, "optimiser", number)):  # weights in bf16 are rounded at random
            self.optimiser.step()
        self.step.target.update()
        self.step.objective.after_step(result.batch)
        self._is_whole = True
        return result, norm

    def _clear_gradients(self) -> None:
        """Set the gradients of the last step to zero: fresh pages cost more than zeros."""
        if not self.step.is_shared_out:
            self.optimiser.zero_grad(set_to_none=False)
            return
        for parameter in self.step.parameters():  # torch clears only such as are all shared out, or all not
            if parameter.grad is not None:
                parameter.grad.zero_()

    def _keep(self, done: int, request: StopRequest) -> None:
        """Write a checkpoint where one is due, and stop where that is wanted."""
        stops = self.ranks.any(request.wanted)
        path = self.folder / "checkpoints" / f"step-{done}"
        if stops or done % self.settings.save_every == 0 or done == self.settings.steps:
            self._save(done)
            self.ranks.wait()
        if stops and done < self.settings.steps:
            raise Stopped(path)

    def _save(self, steps: int) -> None:
        """Write a checkpoint: rank 0, or each rank its part."""
        folder, keep = self.folder / "checkpoints", self.settings.keep_checkpoints
        if self.step.is_shared_out:
            from textcl.training.parts import save_parts  # which few runs need

            save_parts(folder, steps, self.trained, keep, self.ranks)
        elif self.ranks.is_main:
            save_checkpoint(folder, steps, self.trained, keep)

    def _explain(self, error: NonFiniteError, number: int) -> str:
        rows = self.batches.rows(number)
        chosen = rows[error.rows] if error.rows else rows
        locations = "; ".join(self.batches.location(int(row)) for row in chosen[:5])
        more = f" and {len(chosen) - 5} more" if len(chosen) > 5 else ""
        kept = checkpoints(self.folder / "checkpoints")
        last = f"The last good checkpoint is kept in {kept[0]}" if kept else "No checkpoint was due before it"
        return (
            f"Step {number + 1}: {error.what}. The rows are {locations}{more}. {last}. A lower training.learning_rate "
            f"or training.precision=float32 is the usual way out; then {'go on' if kept else 'begin again'} with "
            "--resume."
        )
