"""Documents become pairs with questions: read, asked about, filtered by a round trip through search, written."""

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

import numpy as np

from textcl.distributed import Ranks
from textcl.embedding.embed import Embedding, Model, model_embed, opened
from textcl.errors import DataError
from textcl.mining.miner import QUERIES, NearestCandidates, usual_factory
from textcl.text.folding import text_number
from textcl.types.batches import BoolArray, FloatArray, IntArray
from textcl.types.text import Role
from textcl.util.atomic import new_file, passing_folder, refuse_location
from textcl.util.cache import cache_folder
from textcl.util.progress import SILENT, Progress
from textcl.util.seeds import derive
from textcl.workflows.mine import on_disk
from textcl.workflows.question_engines import TITLES, QuestionEngine, generated
from textcl.workflows.titled_documents import TitledDocument, TitledFile
from textcl.workflows.translated_pairs import rejected_file

_log = logging.getLogger(__name__)
_SAMPLED = 10  # kept pairs that are shown
FIRST = 10  # documents that a question finds, of which its own must be one


@dataclass(frozen=True, slots=True)
class RoundTripSearch:
    """A question is kept if it finds its document.

    Args:
        judge: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        first: Its document must be among so many that it finds first.
        precision: float32, bf16 or auto.
    """

    judge: Model
    first: int = FIRST
    precision: str = "auto"


@dataclass(frozen=True)
class QuestionRequest:
    """What is asked for.

    Args:
        documents: The file.
        out: Gets the pairs, JSONL.
        engine: What makes the questions.
        search: The filter by search; None: none.
        seed: Of the words that are drawn.
        cache: The folder of all answers, and of the judge's vectors; None: in the user's cache folder.
        force: Replace `out`, and the file of what was rejected beside it, where they are there already.
    """

    documents: TitledFile
    out: Path
    engine: QuestionEngine = field(default_factory=QuestionEngine)
    search: RoundTripSearch | None = None
    seed: int = 17
    cache: Path | None = None
    force: bool = False


class Unasked(Enum):
    """Why nothing is asked about a document."""

    BLANK = "without a text"
    UNTITLED = "without a title"
    DUPLICATE = "there before"


class Refusal(Enum):
    """Why a question is not kept, in the order of the tests."""

    UNANSWERED = "refused by the engine"
    EMPTY = "no question in the answer"
    COPY = "its whole document"
    DUPLICATE = "asked before"
    LOST = "does not find its document"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its document by number, and why it is not kept; None: it is."""

    document: int
    text: str
    reason: Refusal | None = None


@dataclass
class QuestionTally:
    """Counts what became of all documents and questions."""

    documents: int = 0  # as read
    unasked: Counter[Unasked] = field(default_factory=Counter)
    questions: Counter[Refusal | None] = field(default_factory=Counter)  # None: kept
    documents_kept: int = 0  # with a question or more


@dataclass(frozen=True, slots=True)
class QuestionPairs:
    """What is left."""

    tally: QuestionTally
    sample: tuple[tuple[str, str], ...]  # kept pairs, drawn from all: question and document
    rejected: Path
    cache: Path
    seconds: float


def make_questions(request: QuestionRequest, progress: Progress = SILENT) -> QuestionPairs:
    """Write the questions of a file's documents that are worth learning from, each with its document.

    A line is a pair: `anchor` (the question), `positive` (the document; without its title where the title is the
    question), and the document's `id` where the file has one. Beside it lies what was not kept, with the reasons. Both
    appear whole or not at all.

    Args:
        request: What to do.
        progress: Gets the progress.

    Raises:
        TextclError: Something that the user can mend; answers stay in the cache, and the same command goes on. Or no
            question is left.
    """
    _check_out(request)
    begun, tally = time.monotonic(), QuestionTally()
    cache = request.cache or cache_folder("questions")
    progress.phase("Reading")
    documents, left_out = _suited(request, tally)
    texts = [document.body if _is_titled(request) else document.whole for document in documents]
    questions = _refused_by_words(list(_asked(request, documents, cache, progress)), texts)
    if request.search is not None:
        questions = _refused_by_search(questions, texts, request.search, request.out, cache, progress)
    for question in questions:
        tally.questions[question.reason] += 1
    kept = [question for question in questions if question.reason is None]
    tally.documents_kept = len({question.document for question in kept})
    if not kept:
        raise DataError(f"{request.documents.path}: no question is left: {_counted(tally.questions)}.")
    _write(request.out, documents, texts, questions, left_out)
    drawn = random.Random(derive(request.seed, "sample of pairs")).sample(kept, min(_SAMPLED, len(kept)))
    sample = tuple((question.text, texts[question.document]) for question in drawn)
    return QuestionPairs(tally, sample, rejected_file(request.out), cache, time.monotonic() - begun)


def _check_out(request: QuestionRequest) -> None:
    if request.out.suffix != ".jsonl":
        raise DataError(f"{request.out}: the pairs are written as JSONL; name a file that ends in .jsonl.")
    for file in (request.out, rejected_file(request.out)):
        refuse_location(file, force=request.force, read=[request.documents.path])


def _is_titled(request: QuestionRequest) -> bool:
    return request.engine.kind == TITLES


def _suited(request: QuestionRequest, tally: QuestionTally) -> tuple[list[TitledDocument], list[dict[str, str]]]:
    """Return the documents that are asked about, each once, and the others with the reason."""
    suited, left_out, seen = list[TitledDocument](), list[dict[str, str]](), set[int]()
    for document in request.documents:
        tally.documents += 1
        text = document.body if _is_titled(request) else document.whole
        number = text_number(text)
        reason = Unasked.BLANK if not text else Unasked.DUPLICATE if number in seen else None
        if reason is None and _is_titled(request) and not document.title:
            reason = Unasked.UNTITLED
        if reason is None:
            seen.add(number)
            suited.append(document)
        else:
            tally.unasked[reason] += 1
            left_out.append({"location": document.location, "reason": reason.value})
    if not suited:
        advice = (
            "A title is a column, 'title' or the one that is named, or the heading of a text of several lines. For "
            "documents without titles there are other engines. "
            if tally.unasked[Unasked.UNTITLED]
            else ""
        )
        raise DataError(
            f"{request.documents.path}: there is no document to ask about: {_counted(tally.unasked)}. {advice}".strip()
        )
    return suited, left_out


def _asked(
    request: QuestionRequest, documents: Sequence[TitledDocument], cache: Path, progress: Progress
) -> Iterator[Question]:
    """Yield the questions of all documents."""
    if _is_titled(request):
        yield from (Question(number, document.title) for number, document in enumerate(documents))
        return
    progress.phase("Writing questions", len(documents))
    texts = [document.whole for document in documents]
    answers = generated(request.engine, texts, cache / "questions.sqlite", request.seed, progress)
    for number, questions in enumerate(answers):
        if questions is None:
            yield Question(number, "", Refusal.UNANSWERED)
        elif not questions:
            yield Question(number, "", Refusal.EMPTY)
        yield from (Question(number, question) for question in questions or ())


def _refused_by_words(questions: Sequence[Question], texts: Sequence[str]) -> list[Question]:
    """Refuse questions that are their whole document, and all but the first of those that are spelled alike."""
    judged, seen = list[Question](), set[int]()
    for question in questions:
        if question.reason is None:
            number = text_number(question.text)
            is_copy = number == text_number(texts[question.document])
            reason = Refusal.COPY if is_copy else Refusal.DUPLICATE if number in seen else None
            seen.add(number)
            question = replace(question, reason=reason)
        judged.append(question)
    return judged


def _refused_by_search(
    questions: Sequence[Question],
    texts: Sequence[str],
    search: RoundTripSearch,
    out: Path,
    cache: Path,
    progress: Progress,
) -> list[Question]:
    """Refuse questions that do not find their document among the first."""
    rows = [row for row, question in enumerate(questions) if question.reason is None]
    if not rows:
        return list(questions)
    if len(texts) <= search.first:
        _log.warning(
            "There are %d documents, so each question finds its own among the first %d.", len(texts), search.first
        )
    encoder = opened(search.judge, search.precision)
    embed = model_embed(encoder, Embedding(search.precision, cache=cache), Ranks(device=encoder.device), progress)
    asked = [questions[row].text for row in rows]
    with passing_folder(out) as folder:
        progress.phase("Embedding the documents", len(texts))
        documents = on_disk(texts, Role.POSITIVE, embed, folder / "documents.f32")
        progress.phase("Embedding the questions", len(asked))
        queries = on_disk(asked, Role.ANCHOR, embed, folder / "questions.f32")
        encoder.lost.report()
        progress.phase("Searching", len(asked))
        index = NearestCandidates(documents, usual_factory(len(asked), len(texts)), seed=0)
        own = np.array([questions[row].document for row in rows])
        is_found = _found(index, queries, own, search.first, progress)
        del documents, queries, index
    judged = list(questions)
    for row in np.array(rows)[~is_found].tolist():
        judged[row] = replace(judged[row], reason=Refusal.LOST)
    return judged


def _found(index: NearestCandidates, queries: FloatArray, own: IntArray, first: int, progress: Progress) -> BoolArray:
    """Say of each query whether its own document is among the first that it finds, (Q,)."""
    is_found = np.zeros(len(own), dtype=bool)
    for start in range(0, len(own), QUERIES):
        part = slice(start, start + QUERIES)
        hits = index.search(np.array(queries[part]), min(first, len(index)))
        is_found[part] = (hits.ids == own[part, None]).any(axis=1)
        progress.advance(len(is_found[part]))
    return is_found


def _write(
    out: Path,
    documents: Sequence[TitledDocument],
    texts: Sequence[str],
    questions: Sequence[Question],
    left_out: Sequence[dict[str, str]],
) -> None:
    with ExitStack() as stack:
        files = [stack.enter_context(new_file(file)) for file in (rejected_file(out), out)]
        rejected, kept = (stack.enter_context(file.open("w", encoding="utf-8")) for file in files)
        for line in left_out:
            rejected.write(f"{json.dumps(line, ensure_ascii=False)}\n")
        for question in questions:
            document = documents[question.document]
            if question.reason is None:
                line = {"anchor": question.text, "positive": texts[question.document]}
                line |= {"id": document.id} if document.id else {}
                kept.write(f"{json.dumps(line, ensure_ascii=False)}\n")
            else:
                line = {"question": question.text, "location": document.location, "reason": question.reason.value}
                rejected.write(f"{json.dumps(line, ensure_ascii=False)}\n")


def _counted(reasons: "Counter[Unasked] | Counter[Refusal | None]") -> str:
    found = [f"{count:,} {reason.value}" for reason, count in reasons.most_common() if reason is not None]
    return ", ".join(found) or "the file holds none"
