"""Whether the tokens of a run's texts are kept: those of an earlier run, or its own where it reads texts again."""

from textcl.data import KeptTokens, ViewSpec, is_whole, keep_tokens, tables_of
from textcl.encoder import TextEncoder, token_key
from textcl.recipe.watcher import Watcher
from textcl.training import Ranks
from textcl.types import Role, Source, Tokenize

WORTH = 10_000  # rows; fewer are tokenised in about a second, and again in each epoch at no cost that a run feels


def run_tokenize(
    encoder: TextEncoder,
    source: Source,
    views: tuple[ViewSpec, ...],
    epochs: float,
    workers: int,
    ranks: Ranks,
    watcher: Watcher,
) -> Tokenize:
    """Return what cuts the texts of a run into tokens; every rank calls it, the main one keeps tokens for all.

    Tokens that an earlier run kept are taken from there. A run that reads its texts more than once keeps them, where
    they are many and a view holds them unchanged; for one epoch it would take longer than it saves.

    Args:
        encoder: Has the tokenizers.
        source: What is trained on.
        views: V views.
        epochs: How many times the run reads the source.
        workers: Processes that cut; 0: this one.
        ranks: The processes of the run.
        watcher: Is told of the progress.

    Raises:
        DataError: A row can not be read.
    """
    keys = {role: key for role in Role if (key := token_key(encoder, role)) is not None}
    tables = tables_of(source, views, keys)

    def keep() -> None:
        for table, roles in tables.items():
            if not is_whole(table) and epochs > 1 and len(source) >= WORTH:
                watcher.phase(f"Tokenising {len(source):,} rows once, as the run reads them {epochs:.2g} times")
                keep_tokens(table, source, roles, encoder.tokenize, workers, watcher.texts)

    ranks.together(keep if ranks.is_main else lambda: None)
    kept = {role: table for table, roles in tables.items() if is_whole(table) for role in roles}
    if kept:
        watcher.phase("Taking tokens from " + ", ".join(str(table) for table in dict.fromkeys(kept.values())))
    return KeptTokens(encoder.tokenize, kept) if kept else encoder.tokenize
