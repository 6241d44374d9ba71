"""Run a recipe: score, train, score again, and leave a run folder."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.optim import AdamW

from textcl.data.workers import leaving_cores, made_ahead, usual_workers
from textcl.distributed import Ranks, join_ranks
from textcl.embedding.embed import fresh_embed
from textcl.encoder.fingerprint import fingerprint
from textcl.errors import DataError
from textcl.evaluation.leakage import Leakage
from textcl.evaluation.run import Recorder, evaluate
from textcl.evaluation.task import Sample, Task
from textcl.recipe.load import optimiser_of
from textcl.recipe.schema import Recipe
from textcl.training.checkpoint import first_readings
from textcl.training.loop import Loop, OnStep, TrainingSettings
from textcl.training.monitor import CollapseAlarm, GradientAlarm
from textcl.training.step import MakesOptimiser, Schedule, Step
from textcl.types.batches import Embed, TokenEncoder
from textcl.util.atomic import only_one, refuse_link, sweep, write_json
from textcl.util.packing import TABLE
from textcl.util.precision import resolve
from textcl.util.progress import SILENT, Progress
from textcl.workflows.leaks import leakage_of_run
from textcl.workflows.page import Observer, leave_page
from textcl.workflows.run.build import shared_out
from textcl.workflows.run.data import RunBatches, build_batches, requested_shares, run_length, run_tokenize
from textcl.workflows.run.during import DuringEvaluation, take_best
from textcl.workflows.run.evaluation import best_by, build_tasks, build_tasks_during
from textcl.workflows.run.folder import (
    Outcome,
    check_resumed,
    check_run_folder,
    leave_report,
    note_read,
    read_facts,
    write_provenance,
    write_recipe,
)
from textcl.workflows.run.objective import build_memory, build_target, encoder_of_step
from textcl.workflows.run.prepare import lost_texts, prepare

if TYPE_CHECKING:
    from textcl.workflows.run.tracking import Tracking


def train_recipe(
    recipe: Recipe,
    folder: Path,
    *,
    resume: bool = False,
    progress: Progress = SILENT,
    on_best: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Train what a recipe describes and write its run folder; every rank of a launch calls it. Nothing is published.

    Args:
        recipe: What is run.
        folder: The run folder.
        resume: Go on from the newest good checkpoint in it.
        progress: Gets the progress.
        on_best: Called on rank 0 when a better model was kept on the way, with what is said of it.

    Raises:
        TextclError: Something that the user can mend; the folder keeps its last good checkpoint.
        Stopped: The user stopped the run; its checkpoint is named.
    """
    ranks = join_ranks()
    if ranks.is_main:
        check_run_folder(folder, recipe, resume)
    run = _Run(recipe, folder, ranks, progress if ranks.is_main else SILENT, on_best)
    with ExitStack() as stack:
        ranks.together(lambda: _begin(run, stack, resume) if ranks.is_main else None)
        return _trained(run, resume)


def _begin(run: "_Run", stack: ExitStack, resume: bool) -> None:
    """Take the folder for this run alone, and write what it is made with."""
    stack.enter_context(only_one(run.folder))
    refuse_link(run.folder / "checkpoints")
    check_run_folder(run.folder, run.recipe, resume)  # again: another run may have been here meanwhile
    made, start = run.made, fingerprint(run.encoder)
    if resume:
        check_resumed(run.folder, made.source, made.batches, start, run_length(run.recipe, made.batches))
    sweep(run.folder)
    write_recipe(run.folder, run.recipe)
    device, count = run.ranks.device.type, run.ranks.count
    write_provenance(
        run.folder / "run.json", run.recipe, made.source, made.sizes, start, device, count, run.held_rows()
    )
    run.track(stack, resume)


def _trained(run: "_Run", resume: bool) -> Outcome:
    """Score, train and score again, in a folder that is this run's alone."""
    folder, ranks = run.folder, run.ranks
    before = run.score("before")
    leakage = run.leakage()
    run.train(resume)
    if ranks.is_main:
        run.encoder.save(folder / "model")
    after = run.score("after")
    outcome = leave_report(folder, run.tasks, before, after, leakage, ranks, run.limits())
    if ranks.is_main:
        leave_page(folder, run.observer, {"before": before, "after": after}, run.recipe.seed)
    for tracking in run.tracking:
        tracking.keep(folder / name for name in ("report.html", "report.json"))
    return outcome


_CHOSEN = "The best model was chosen by these items, so its score on them is a little too good."


class _Run:
    """The parts of a run, built and checked before anything is written."""

    def __init__(
        self, recipe: Recipe, folder: Path, ranks: Ranks, progress: Progress, on_best: Callable[[str], None]
    ) -> None:
        self.recipe, self.folder, self.ranks, self.progress, self.on_best = recipe, folder, ranks, progress, on_best
        progress.phase("Reading the data")
        self.made = prepare(recipe, ranks.device, ranks, progress)
        self.encoder = self.made.encoder
        for part in self.made.parts:
            lost = lost_texts(part, self.encoder, recipe.seed)
            lost.refuse()
            if ranks.is_main:
                lost.warn()
        held = [made.task for made in self.made.held_out]
        self.tasks: list[Task] = build_tasks(recipe, held)
        self.recorder = Recorder()
        self.observer = Observer(self.tasks, recipe.seed)
        self.tasks_during = build_tasks_during(recipe, held)
        during, best = recipe.evaluation.during, best_by(recipe, self.tasks_during)
        self.during = during and during.model_copy(update={"keep_best_by": best})
        self.embed: Callable[[], Embed] = partial(fresh_embed, self.encoder, ranks, progress=progress)
        self.tracking: list[Tracking] = []  # one on rank 0 where the recipe names trackers, else none

    def track(self, stack: ExitStack, resume: bool) -> None:
        """Begin with the trackers that the recipe names, until the stack is closed."""
        if self.recipe.training.track_with:
            from textcl.workflows.run.tracking import Tracking  # which few runs need

            self.tracking.append(Tracking(self.recipe, self.folder, is_resumed=resume))
            stack.callback(self.tracking[0].close)

    def held_rows(self) -> dict[str, int]:
        """Return how many rows are held out for each task of such rows."""
        return {made.task.name: made.rows for made in self.made.held_out}

    def limits(self) -> dict[str, str]:
        """Return what the scores of some tasks cannot tell."""
        limits = {made.task.name: made.limits for made in self.made.held_out if made.limits}
        chosen_by = ((self.during and self.during.keep_best_by) or "").partition("/")[0]
        if any(task.name == chosen_by for task in self.tasks):
            limits[chosen_by] = f"{limits.get(chosen_by, '')} {_CHOSEN}".strip()
        return limits

    def score(self, when: str) -> dict[str, Sample]:
        """Run the tasks of the held-out rows and of `evaluation.after`, if there are any."""
        if not self.tasks:
            return {}

        def begin(task: str) -> None:
            self.recorder.begin(task)
            self.progress.phase(f"Scoring {when} training: {task}")

        with self.observer.on(when, self.embed()) as embed:
            samples = evaluate(self.tasks, self.recorder.over(embed), begin)
        for tracking in self.tracking:
            tracking.scored(when, samples)
        return samples

    def leakage(self) -> dict[str, Leakage]:
        """Look for the texts of the tasks, which have been run once, in what is trained on."""
        return leakage_of_run(self.made.source, self.recorder.noted(self.tasks), self.ranks) if self.tasks else {}

    def train(self, resume: bool) -> None:
        """Take every step that is left, and end with the weights that the recipe wants."""
        encoder = encoder_of_step(self.recipe, self.encoder, self.made.objective)
        target = build_target(self.recipe, encoder, self.made.objective, self.made.teacher, self.ranks)
        memory = build_memory(self.recipe, self.encoder, self.ranks.device)
        batches_of_run = self._batches()
        shards = shared_out(self.recipe, self.encoder, target, self.ranks)
        step = Step(
            encoder if shards is None else shards.encoder,
            self.made.objective,
            target,
            self.ranks,
            seed=self.recipe.seed,
            memory=memory,
            precision=resolve(self.recipe.training.precision, self.ranks.device),
            is_shared_out=shards is not None,
        )
        with (
            leaving_cores() if self._waits_for_tokens else nullcontext(),
            made_ahead(batches_of_run, self._workers()) as batches,
        ):
            listeners: list[OnStep] = [self.progress.step, *(tracking.step for tracking in self.tracking)]
            loop = Loop(step, batches, self._settings(step.encoder), self.folder, listeners)
            self._train(loop, resume, nullcontext if shards is None else shards.whole)
        if shards is not None:
            del loop, step  # what the optimiser remembers goes before the weights come
            shards.release()
        if self.during is not None:
            take_best(self.encoder, self.folder, self.during.keep_best_by, self.ranks)

    def _train(self, loop: Loop, resume: bool, whole: Callable[[], AbstractContextManager[object]]) -> None:
        done = loop.resume() if resume else 0
        loop.on_step.append(CollapseAlarm(first_readings(self.folder / "log.jsonl", done), self._stops_on_collapse()))
        loop.on_step.append(GradientAlarm())
        if self.during is not None:
            scorer = DuringEvaluation(
                self.during, self.tasks_during, self.embed, self.encoder, self.folder, self.ranks, done,
                self.progress.scores, self.on_best, whole, loop.stop, self._tell_outcomes,
            )  # fmt: skip
            loop.on_step.append(scorer)
            scorer.catch_up(done, loop.settings.steps)
        self.progress.phase("Training")
        if loop.stopped is not None:
            self.progress.phase("The run is done: it goes on only with a larger evaluation.during.patience")
        try:
            loop.run(done)
        except DataError:
            if self.ranks.is_main:
                note_read(self.folder, self.made.source, self.made.batches)
            raise
        self._note_early_stop(loop.stopped)

    def _note_early_stop(self, reason: str | None) -> None:
        """Say why a run has ended before its last step, to its user and in `run.json`."""
        if reason is not None and self.ranks.is_main:
            self.progress.phase(reason)
            file = self.folder / "run.json"
            write_json(file, read_facts(file) | {"stopped_early": reason})

    def _tell_outcomes(self, samples: Mapping[str, Sample]) -> None:
        for tracking in self.tracking:
            tracking.scored("during", samples)

    def _batches(self) -> RunBatches:
        """Return the batches, which take what tokens are kept."""
        made, workers = self.made, self._workers()
        epochs = run_length(self.recipe, made.batches) / made.batches.steps_per_epoch
        shares = requested_shares(self.recipe, made.sizes) if self.recipe.data.takes_turns else (1.0,)
        tokenizers = {}
        for part, share in zip(made.parts, shares, strict=True):
            passes = epochs * share * sum(made.sizes) / len(part.source)
            encoder = part.under_prompts(self.encoder)
            tokenizers[part.name] = run_tokenize(
                encoder, part.source, part.views, passes, workers, self.ranks, self.progress
            )
        return build_batches(self.recipe, made.parts, made.sizes, lambda part: tokenizers[part.name])

    def _workers(self) -> int:
        workers = self.recipe.data.workers
        spared = 0 if self._waits_for_tokens else 1
        return usual_workers(self.ranks.local_count, spared=spared) if workers is None else workers

    @property
    def _waits_for_tokens(self) -> bool:
        """Whether a step takes less than to cut its texts into tokens, as of token embeddings."""
        return build_memory(self.recipe, self.encoder, self.ranks.device).cuts is TABLE

    def _stops_on_collapse(self) -> bool:
        return self.recipe.training.on_collapse == "stop"

    def _settings(self, encoder: TokenEncoder) -> TrainingSettings:
        section = self.recipe.training
        return TrainingSettings(
            steps=run_length(self.recipe, self.made.batches),
            learning_rate=section.learning_rate,
            objective_factor=(section.objective_learning_rate or section.learning_rate) / section.learning_rate,
            weight_decay=section.weight_decay,
            warmup=section.warmup,
            schedule=Schedule(section.schedule),
            clip=section.clip,
            save_every=section.save_every,
            keep_checkpoints=section.keep_checkpoints,
            optimiser=self._optimiser(encoder),
        )

    def _optimiser(self, encoder: TokenEncoder) -> MakesOptimiser | None:
        """Return what makes the recipe's optimiser; None: the usual one."""
        is_half = any(weight.requires_grad and weight.dtype is torch.bfloat16 for weight in encoder.parameters())
        cls, given = optimiser_of(self.recipe)
        if cls is AdamW and not is_half:
            return partial(AdamW, lr=0.0, fused=True, **given)
        from textcl.training.optimisers import maker_of  # which most runs do without

        return maker_of(cls, given, encoder.modules())
