"""Documents become rows with scores: questions are made, negatives mined, all kept in the user's cache folder.

What the source `Documents` of a recipe asks for, which may not reach the folders that do it.
"""

from dataclasses import astuple
from pathlib import Path

from textcl.data.sources.documents import DocumentSettings
from textcl.embedding.embed import Embedding, identity, opened
from textcl.encoder.protocols import TextEncoder
from textcl.errors import DataError
from textcl.files.corpora import PairFile
from textcl.mining.selection import Bounds, MiningRequest
from textcl.util.cache import cache_folder, file_digest, file_key, key_of
from textcl.util.progress import SILENT, Progress
from textcl.workflows.mine import mine_file
from textcl.workflows.question_engines import OPENAI, TITLES, QuestionEngine
from textcl.workflows.questions import FIRST, QuestionRequest, RoundTripSearch, make_questions
from textcl.workflows.titled_documents import TitledFile

_LAYOUT = 1  # raise it when the same documents would give other rows
_SEED = 17


def scored_questions(settings: DocumentSettings, progress: Progress = SILENT) -> Path:
    """Return the file of a source's rows, as `textcl mine` writes them; it is made unless it is there.

    Args:
        settings: What is asked for.
        progress: Gets the progress.

    Raises:
        TextclError: Something that the user can mend; the engine's answers and the judge's vectors are kept.
    """
    if settings.engine.partition(":")[0] == OPENAI:
        raise DataError(
            "A recipe sends no texts to an endpoint. Make the pairs with textcl augment questions, score them with "
            "textcl mine, and train the recipe listwise."
        )
    engine = QuestionEngine(settings.engine, per_document=settings.per_document)
    documents = TitledFile(
        Path(settings.path), settings.text_column, settings.title_column, option="{}_column of the source"
    )
    key = key_of(*map(file_key, documents.files()), *astuple(settings), *map(_digest, _models(settings)))
    judge = opened(settings.judge, "auto")
    how = Embedding("auto", cache=cache_folder("questions"))
    folder = cache_folder("documents") / key_of(_LAYOUT, key, identity(judge, how))
    scored = folder / "scored.jsonl"
    if not scored.is_file():
        pairs = _pairs(documents, engine, judge, settings, folder / "pairs.jsonl", progress)
        wanted = MiningRequest(settings.negatives, 0, settings.last, Bounds(), "random", None, _SEED)
        mine_file(
            judge, PairFile(pairs), scored, wanted, corpus=None, factory="auto", rescorer=settings.cross_encoder,
            how=how, progress=progress, force=True,
        )  # fmt: skip
    return scored


def _pairs(
    documents: TitledFile,
    engine: QuestionEngine,
    judge: TextEncoder,
    settings: DocumentSettings,
    out: Path,
    progress: Progress,
) -> Path:
    """Write the questions that are kept, each with its document."""
    first = settings.first or (None if engine.kind == TITLES else FIRST)
    search = None if first is None else RoundTripSearch(judge, first)
    made = make_questions(QuestionRequest(documents, out, engine, search, _SEED, force=True), progress)
    if made.tally.documents_kept < 2:
        raise DataError(f"{documents.path}: one document has a question; negatives are drawn from others, give more.")
    return out


def _models(settings: DocumentSettings) -> list[Path]:
    """Return the folders of models beside the judge, of which a name does not say what is in them."""
    named = (settings.cross_encoder or "", settings.engine.partition(":")[2])
    return [Path(name) for name in named if name and Path(name).is_dir()]


def _digest(model: Path) -> str:
    return file_digest(sorted(file for file in model.iterdir() if file.is_file())).hex()
