"""Candidates scored again by a model that reads query and candidate together."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textcl.encoder.dense import activation_of
from textcl.encoder.folder_files import Settings
from textcl.encoder.folder_format import listed_modules
from textcl.errors import ModelError
from textcl.mining.selection import by_score
from textcl.types.batches import FloatArray
from textcl.types.protocols import Hits
from textcl.util.foreign import check_folder, reading
from textcl.util.quiet import quiet_transformers
from textcl.util.seeds import seeded

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Rescore = Callable[[Sequence[tuple[str, str]]], FloatArray]  # pairs of query and candidate -> a score each


def rescored(candidates: Hits, queries: Sequence[str], texts: Sequence[str], rescore: Rescore) -> Hits:
    """Return the candidates of some queries with new scores, in the order of these.

    Args:
        candidates: (q, any); -1 is none.
        queries: q texts.
        texts: Of all candidates.
        rescore: The model.
    """
    there = candidates.ids >= 0
    rows = np.nonzero(there)[0].tolist()
    pairs = [(queries[row], texts[number]) for row, number in zip(rows, candidates.ids[there].tolist(), strict=True)]
    scores = np.full(candidates.ids.shape, -np.inf, dtype=np.float32)
    if pairs:
        scores[there] = rescore(pairs)
    return by_score(Hits(candidates.ids, scores))


_OLD_ACTIVATION = "sbert_ce_default_activation_function"


def cross_encoder(name: str) -> Rescore:
    """Open a cross-encoder of sentence-transformers; its scores are what its own activation makes of them.

    Args:
        name: A folder or a Hub id.

    Raises:
        ModelError: It cannot be opened, was never trained to score pairs, or gives more than one score a pair; or
            sentence-transformers is not installed.
    """
    try:
        from sentence_transformers import CrossEncoder  # takes seconds, which mining by cosine need not wait
    except ModuleNotFoundError as error:
        raise ModelError(
            f"{name}: scoring pairs by a cross-encoder needs the package {error.name}, which is not installed. "
            "pip install 'textcl[cross-encoder]'"
        ) from error

    try:
        with reading(name), seeded(0), quiet_transformers():  # it draws what the files lack, and says so
            _check_folder(Path(name))
            model = CrossEncoder(name, trust_remote_code=False)
            absent = _absent_weights(model, name)
    except ModelError as error:
        raise ModelError(f"{name}: no cross-encoder can be opened there: {error}") from error
    if absent:
        raise ModelError(
            f"{name}: found no weights that score a pair ({absent[0]} is missing), so its scores would be drawn by "
            "chance. Name a model that was trained as a cross-encoder, such as cross-encoder/ms-marco-MiniLM-L6-v2."
        )
    if model.num_labels != 1:
        raise ModelError(
            f"{name} gives {model.num_labels} scores a pair; rescoring needs a cross-encoder that gives one."
        )

    def rescore(pairs: Sequence[tuple[str, str]]) -> FloatArray:
        scores: FloatArray = model.predict(list(pairs), show_progress_bar=False, convert_to_numpy=True)
        return scores.astype(np.float32)

    return rescore


def _check_folder(folder: Path) -> None:
    """Check what sentence-transformers is about to read; what is no folder here is on the Hub.

    Raises:
        ModelError: A part is missing or lies outside the folder, or it names an activation that is none of torch's.
    """
    if not folder.is_dir():
        return
    modules = listed_modules(folder)
    check_folder(str(modules[0].folder if modules else folder))
    for file in (folder / "config.json", folder / "config_sentence_transformers.json"):
        config = Settings.read_if_there(file)
        own = config.content.get("sentence_transformers")
        nested = Settings(file, own) if isinstance(own, dict) else Settings(file, {})
        named = (config.text("activation_fn"), config.text(_OLD_ACTIVATION), nested.text("activation_fn"))
        for path in filter(None, named):
            activation_of(path, file)


def _absent_weights(model: "CrossEncoder", name: str) -> list[str]:
    """Return the weights that a classifier has and its files lack: sentence-transformers passes over this report.

    Language models that answer yes or no have no head that could be missing, and are not read twice.
    """
    from transformers import AutoModelForSequenceClassification

    if not type(model.model).__name__.endswith("ForSequenceClassification"):
        return []
    _, report = AutoModelForSequenceClassification.from_pretrained(
        name, output_loading_info=True, trust_remote_code=False
    )
    return sorted(report["missing_keys"])
