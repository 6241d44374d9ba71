"""The pooling layer that BERT and its kin have of their own; we pool ourselves and leave it out."""

import inspect


def without_pooler(kind: type) -> dict[str, bool]:
    """Return the argument by which a class of transformers leaves its own pooling layer out, if it has one."""
    return {"add_pooling_layer": False} if "add_pooling_layer" in inspect.signature(kind).parameters else {}
