"""What columns of data sets are usually called, and by that what they are for."""

from collections.abc import Sequence

ANCHORS = (
    *("anchor", "query", "question", "sentence1", "sentence_1", "sentence_a", "text1", "premise", "source", "text"),
    *("sentence", "title", "claim", "content", "set", "question1"),
)
POSITIVES = (
    *("positive", "pos", "positives", "answer", "answers", "sentence2", "sentence_2", "sentence_b", "text2"),
    *("hypothesis", "target", "document", "passage", "context", "body", "question2", "paraphrase", "summary"),
)
NEGATIVES = ("negative", "neg", "negatives", "hard_negative", "hard_negatives")
SCORES = ("score", "scores", "similarity", "relatedness", "similarity_score", "grade", "rating")
LABELS = ("label", "labels", "class", "category", "intent", "topic", "is_duplicate", "target")


def is_one_of(name: str, known: Sequence[str]) -> bool:
    """Say whether a column has one of these names, a number at its end aside: negative_2 is a negative."""
    folded = name.casefold()
    return folded in known or folded.rstrip("0123456789").rstrip("_-") in set(known) - set(ANCHORS)
