"""`textcl augment`: more text from text. `back-translate` translates there and back, `questions` asks of documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from textcl.cli.document_questions import questions
from textcl.cli.options import A_FILE, Force, Precision

if TYPE_CHECKING:
    from rich.table import Table

    from textcl.translate.engine import Decoding
    from textcl.translate.filters import PairFilter
    from textcl.workflows.back_translate import BackTranslation, TranslatedPairs
    from textcl.workflows.translated_pairs import Tally

augment = typer.Typer(
    name="augment", help="Make more text from your text.", no_args_is_help=True, rich_markup_mode=None
)
_NEURAL_TEMPERATURE = 0.7


@augment.callback()
def _augment() -> None:
    """Make more text from your text."""


@augment.command("back-translate")
def back_translate(
    texts: Annotated[Path, typer.Argument(metavar="INPUT", help=A_FILE)],
    out: Annotated[
        Path, typer.Option(metavar="FILE.jsonl", help="The file to write: a text with its translations a line.")
    ],
    pivot: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANGUAGE", help="The language to translate through; may be repeated. Without it: eo with Apertium."
        ),
    ] = None,
    engine: Annotated[
        Literal["apertium", "marian", "ctranslate2", "m2m100", "nllb"], typer.Option(help="The translation engine.")
    ] = "apertium",
    model: Annotated[
        str | None,
        typer.Option(help="The model of a neural engine, a Hub id or a folder: opus-mt-{source}-{target} names two."),
    ] = None,
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help="The language of the texts.")] = "en",
    text_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of texts, of files with columns; text without it.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Neural engines: translations of each text into each pivot.")] = 1,
    temperature: Annotated[
        float | None,
        typer.Option(min=0, help="Neural engines: the sampling temperature; 0 always takes the likeliest word."),
    ] = None,
    top_p: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Neural engines: sample from the likeliest words whose probabilities add up to this."
        ),
    ] = 1.0,
    beams: Annotated[
        int, typer.Option(min=1, help="Neural engines: the beams of a beam search, used instead of sampling.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="The seed of the sampling.")] = 17,
    min_words: Annotated[int, typer.Option(min=1, help="Texts with fewer words are left out.")] = 4,
    max_words: Annotated[int, typer.Option(min=1, help="Texts with more words are left out.")] = 60,
    min_overlap: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="The least share of content words in common. Default: 0.7; 0.5 for eo and neural engines.",
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="An encoder; pairs are kept only if their cosine is within the two bounds below."
        ),
    ] = None,
    min_cosine: Annotated[float, typer.Option(help="The lowest cosine of a pair, with --judge.")] = 0.7,
    max_cosine: Annotated[float, typer.Option(help="The highest cosine of a pair, with --judge.")] = 0.98,
    precision: Precision = "auto",
    workers: Annotated[int, typer.Option(min=1, help="The number of processes that translate.")] = 1,
    device: Annotated[str | None, typer.Option(help="The device of a neural engine: cpu or cuda.")] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file that keeps every translation. Default: in your cache folder."),
    ] = None,
    force: Force = False,
) -> None:
    """Translate texts into other languages and back, to get positives.

    A translation that comes back with the same meaning is a positive of its text. Stopped at any time, the same
    command goes on where it was: every translation is kept. Filters come after it, so changing them translates nothing
    again.
    """
    import sys

    from textcl.files.corpora import PlainTexts
    from textcl.report.progress import show_progress
    from textcl.workflows.back_translate import BackTranslation
    from textcl.workflows.back_translate import back_translate as make_pairs
    from textcl.workflows.translated_pairs import CosineRange

    try:
        request = BackTranslation(
            PlainTexts(texts, text_column), out, tuple(pivot or ()),
            _filter(engine, language, min_words, max_words, min_overlap),
            None if judge is None else CosineRange(judge, min_cosine, max_cosine, precision),
            engine, model, device, _decoding(engine, temperature, top_p, beams), samples, seed, workers, cache, force,
        )  # fmt: skip
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    try:
        with show_progress(sys.stderr, keeps=False) as progress:
            pairs = make_pairs(request, progress)
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    _show(request, pairs)


augment.command("questions")(questions)


def _decoding(engine: str, temperature: float | None, top_p: float, beams: int) -> Decoding:
    """Return how words are chosen: neural engines draw them where nothing else is asked for."""
    from textcl.translate.engine import BEST, Decoding

    if engine == "apertium" and temperature is None and top_p == BEST.top_p and beams == BEST.beams:
        return BEST
    if temperature is None and beams == BEST.beams:
        temperature = _NEURAL_TEMPERATURE
    return Decoding(beams, temperature or None, top_p)


def _filter(engine: str, language: str, fewest: int, most: int, overlap: float | None) -> PairFilter:
    """Return the filter by words: of Apertium's pivots all but Esperanto need more words in common."""
    from textcl.translate.filters import PairFilter

    if overlap is not None:
        return PairFilter(language, fewest, most, usual_overlap=overlap)
    if engine == "apertium":
        return PairFilter(language, fewest, most, least_overlap={"eo": 0.5}, usual_overlap=0.7)
    return PairFilter(language, fewest, most)


def _show(request: BackTranslation, pairs: TranslatedPairs) -> None:
    from textcl.cli.screen import results

    tally = pairs.tally
    for judgement in pairs.sample:
        print(f"{judgement.trip.route.pivot:<4} {judgement.text}\n     {judgement.trip.text}\n")
    results().print(_table(tally))
    left_out = [f"{count:,} {reason.value}" for reason, count in tally.unsuited.most_common()]
    left_out += [f"{tally.duplicates:,} stood there before"] if tally.duplicates else []
    if left_out:
        print(f"Not translated: {'; '.join(left_out)}.")
    rate = tally.rows / max(pairs.seconds, 1e-9)
    print(f"{tally.rows:,} texts in {pairs.seconds:,.1f} s, {rate:,.0f} a second. Translations are in {pairs.cache}")
    print(
        f"{request.out}: {tally.texts_kept:,} texts with a translation. {pairs.rejected}: the others, with the reason."
    )


def _table(tally: Tally) -> Table:
    """Return how many translations each pivot gave, and what became of them, in the order of the tests."""
    from rich.table import Table

    from textcl.translate.filters import Refusal

    table = Table("translations", *(f"by {pivot}" for pivot in tally.by_pivot))
    for column in table.columns[1:]:
        column.justify = "right"
    for reason in Refusal:
        counts = [counter[reason] for counter in tally.by_pivot.values()]
        if any(counts):
            table.add_row(reason.value, *(f"{count:,}" for count in counts))
    table.add_section()
    totals = [counter.total() for counter in tally.by_pivot.values()]
    kept = [counter[None] for counter in tally.by_pivot.values()]
    table.add_row("kept", *(f"{part:,} ({part / all_of:.0%})" for part, all_of in zip(kept, totals, strict=True)))
    return table
