"""What columns of data sets are usually called, and by that what they are for."""

from collections.abc import Sequence

ANCHORS = (
    *("anchor", "query", "question", "sentence1", "sentence_1", "sentence_a", "text1", "premise", "text"),
    *("sentence", "title", "claim", "content", "question1", "source", "set"),
)
POSITIVES = (
    *("positive", "pos", "positives", "answer", "answers", "sentence2", "sentence_2", "sentence_b", "text2"),
    *("hypothesis", "target", "document", "passage", "context", "body", "question2", "paraphrase", "summary"),
)
NEGATIVES = ("negative", "neg", "negatives", "hard_negative", "hard_negatives")
SCORES = ("score", "scores", "similarity", "relatedness", "similarity_score", "grade", "rating")
LABELS = ("label", "labels", "class", "category", "intent", "topic", "is_duplicate", "target")
PAIR_LABELS = ("label", "labels", "is_duplicate")  # beside two texts: whether they mean the same
_IDENTIFIERS = (
    *("id", "uuid", "guid", "key", "index", "idx", "url", "uri", "link", "href", "date", "time", "timestamp", "path"),
    *("file", "filename", "author", "user", "email", "lang", "language", "split"),
)


def is_one_of(name: str, known: Sequence[str]) -> bool:
    """Say whether a column has one of these names, a number at its end aside: negative_2 is a negative."""
    folded = name.casefold()
    return folded in known or folded.rstrip("0123456789").rstrip("_-") in set(known) - set(ANCHORS)


def is_identifier(name: str) -> bool:
    """Say whether a column has the name of what tells rows apart or says where they are from: an id, an address."""
    folded = name.casefold().strip("_")
    return folded in _IDENTIFIERS or folded.endswith(("_id", "_url", "_date", "_at"))
