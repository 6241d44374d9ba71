"""Export a model, and keep the export only if it is still the model."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from textcl.distributed import join_ranks
from textcl.embedding.embed import fresh_embed
from textcl.encoder.adapter import FOLDER as ADAPTER
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.folder_format import is_static
from textcl.encoder.locate import LOCATIONS, PACKAGE, Export, find_folder, read_name
from textcl.encoder.opening import open_encoder, open_export
from textcl.encoder.protocols import TextEncoder
from textcl.errors import ModelError
from textcl.evaluation.kinds import metric_named
from textcl.evaluation.run import Recorder, evaluate
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Sample, Task
from textcl.export.figures import FILE, ExportFigures, TaskScore, bound_of, losses, texts_per_second, write_figures
from textcl.export.writers import check_installed, put_in_place, versions_of, write_export
from textcl.report.page import FILE as PAGE
from textcl.report.page import write_run_page
from textcl.types.batches import Embed
from textcl.types.text import Role
from textcl.util.atomic import passing_folder, refuse_link, refuse_location
from textcl.util.cosines import row_products
from textcl.util.precision import Precision
from textcl.util.progress import SILENT, Progress


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """A model folder that gets exports, and the file that says what they keep."""

    folder: Path
    figures: Path


def export_target(model: str, out: Path | None) -> ExportTarget:
    """Find, or make, the model folder that exports are put into.

    Args:
        model: A run folder or a model folder, which gets them itself; anything else needs `out`.
        out: A folder for the model and its exports.

    Raises:
        ModelError: The model is an export itself, belongs to a package or the Hub and `out` is missing, or `out` holds
            something else.
    """
    if read_name(model).export is not None:
        raise ModelError(f"{model} is an export itself. Name the model that it was made of.")
    if is_static(find_folder(model)):
        raise ModelError(f"{model} holds token embeddings, which have no other form. Name the model they were made of.")
    if out is not None:
        folder = out.expanduser()
        _put_model(model, folder)
    elif model.startswith(PACKAGE) or not Path(model).expanduser().is_dir():
        raise ModelError(f"{model} is no folder of yours. Name one with --out; it gets the model and its exports.")
    else:
        folder = find_folder(model)
    run = folder.parent if (folder.parent / "recipe.yaml").is_file() and folder.name == "model" else folder
    return ExportTarget(folder, run / FILE)


def renew_page(target: ExportTarget) -> None:
    """Write the page of the run that the model is of anew, where it has one, so that it shows the exports."""
    run = target.figures.parent
    if (run / PAGE).is_file():
        write_run_page(run)


def _put_model(model: str, folder: Path) -> None:
    """Save a model into a folder, unless it is there already."""
    encoder = open_encoder(model, device="cpu")
    if not folder.is_dir() or not any(folder.iterdir()):
        encoder.save(folder)
        _put_adapters(find_folder(model), folder)
    elif not _holds(folder, fingerprint(encoder)):
        raise ModelError(f"{folder} is not empty, and does not hold {model}. Name another folder with --out.")


def _put_adapters(model: Path, folder: Path) -> None:
    """Copy the adapters that lie beside the merged weights of a model, of each of its towers."""
    for file in model.rglob(f"{ADAPTER}/*"):
        if file.is_file() and not file.is_symlink() and not file.parent.is_symlink():
            copy = folder / file.relative_to(model)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def _holds(folder: Path, digest: str) -> bool:
    try:
        return fingerprint(open_encoder(folder, device="cpu")) == digest
    except ModelError:
        return False


TEXTS = 1000  # that are embedded by both models at most
TIMED = 256  # of them, that are timed
_SEED = 17


@dataclass(frozen=True, slots=True)
class ExportTest:
    """What an export is compared on.

    Args:
        suites: As `evaluate` takes them; their texts are also those whose vectors are compared and that are timed.
        data_dir: The folder of the suites' files; None: from the Hub.
        precision: What both multiply in, where a form leaves a choice: float32, bf16 or auto.
        allow_loss: Keep an export that loses more than its bound.
    """

    suites: Sequence[str]
    data_dir: Path | None = None
    precision: str = "float32"
    allow_loss: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """A model with what is known of it before its exports are made."""

    encoder: TextEncoder
    embed: Embed
    samples: dict[str, Sample]
    tasks: list[Task]
    texts: list[str]  # of the tasks, that both models embed


def export_model(
    model: str, forms: Sequence[Export], out: Path | None, test: ExportTest, progress: Progress = SILENT
) -> list[ExportFigures]:
    """Export a model to several forms, compare each with the model, and put it into the model folder.

    The figures go to `exports.json` and to the page of the run, if the model is of one.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        forms: One or more.
        out: A folder for the model and its exports; None: the model's own.
        test: What they are compared on.
        progress: Gets the progress.

    Raises:
        ModelError: A package is missing, the model cannot be exported, or the export loses more than its bound; what
            stood in the folder is kept.
        DataError: A suite or its data is missing or faulty.
    """
    for form in forms:
        check_installed(form)
    tasks = load_tasks(test.suites, test.data_dir)
    target = export_target(model, out)
    for form in forms:
        refuse_link(target.folder / LOCATIONS[form].partition("/")[0])
    refuse_location(target.figures, force=True)
    progress.phase("Scoring the model")
    judged = _judge(open_encoder(target.folder, precision=test.precision, device="cpu"), tasks)
    found = []
    for form in forms:
        progress.phase(f"Making {form}")
        try:
            found.append(_export(judged, form, target, test, progress))
        except OSError as error:
            raise ModelError(f"{target.folder}: the export could not be written ({error}).") from error
    renew_page(target)
    return found


def _judge(encoder: TextEncoder, tasks: list[Task]) -> _Judged:
    recorder, embed = Recorder(), fresh_embed(encoder, join_ranks())
    samples = evaluate(tasks, recorder.over(embed), recorder.begin)
    noted = recorder.noted(tasks).values()
    texts = list(dict.fromkeys(text for task in noted for part in task.parts.values() for text in part))
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(texts))[:TEXTS])
    return _Judged(encoder, embed, samples, tasks, [texts[position] for position in chosen])


def _export(judged: _Judged, form: Export, target: ExportTarget, test: ExportTest, progress: Progress) -> ExportFigures:
    """Make an export beside the model folder, compare it, and move it in."""
    folder = target.folder
    with passing_folder(folder) as part:
        location = write_export(folder, form, part)
        figures = _compare(judged, form, folder, location, test, progress)
        _refuse_loss(figures, form, test)
        put_in_place(location, folder / LOCATIONS[form])
    write_figures(target.figures, [figures])
    return figures


def _compare(
    judged: _Judged, form: Export, folder: Path, location: Path, test: ExportTest, progress: Progress
) -> ExportFigures:
    """Hold an export to its model: vectors, scores, speed."""
    progress.phase(f"Comparing {form}")
    precision = Precision.BF16 if form is Export.TORCH_BF16 else test.precision
    encoder = open_export(folder, form, location=location, precision=precision, device="cpu")
    embed = fresh_embed(encoder, join_ranks())
    scores = _scores(judged, evaluate(judged.tasks, embed))
    before, after = (function(judged.texts, Role.ANCHOR) for function in (judged.embed, embed))  # (N, D) each
    cosines = None if form is Export.STATIC else row_products(before, after)
    progress.phase(f"Timing {form}")
    original, speed = texts_per_second([judged.encoder, encoder], judged.texts[:TIMED])
    files = sorted(
        path for path in (location.rglob("*") if location.is_dir() else location.parent.iterdir()) if path.is_file()
    )
    return ExportFigures(
        format=form,
        files=(f"{LOCATIONS[form]}/",)
        if location.is_dir()
        else tuple(f"{location.parent.name}/{path.name}" for path in files),
        bytes=sum(path.stat().st_size for path in files),
        texts=len(judged.texts),
        cosine_mean=None if cosines is None else float(cosines.mean()),
        cosine_min=None if cosines is None else float(cosines.min()),
        scores=scores,
        texts_per_second=speed,
        texts_per_second_original=original,
        versions=versions_of(form),
        precision=str(precision),
        fingerprint=fingerprint(judged.encoder),
    )


def _scores(judged: _Judged, samples: dict[str, Sample]) -> tuple[TaskScore, ...]:
    """Return the main metric of each task; tasks that only describe the vectors have none."""
    score = partial(_main, samples=samples)
    found = []
    for task, sample in judged.samples.items():
        metric, before = _main(task, judged.samples)
        if metric_named(metric).is_share and sample.size:
            found.append(TaskScore(task, metric, before, score(task)[1]))
    return tuple(found)


def _main(task: str, samples: dict[str, Sample]) -> tuple[str, float]:
    sample = samples[task]
    metric, values = next(iter(sample.metrics(np.ones((1, sample.size))).items()))
    return metric, float(values[0])


def _refuse_loss(figures: ExportFigures, form: Export, test: ExportTest) -> None:
    lost = losses(figures, bound_of(form))
    if lost and not test.allow_loss:
        raise ModelError(f"{form} loses too much: {'; '.join(lost)}. It was not kept; --allow-loss keeps it.")
