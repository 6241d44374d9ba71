"""A model in memory for evaluation tests: a table from texts to vectors, which notes what it was asked."""

import numpy as np


class Table:
    """Looks vectors up; `calls` holds the texts and the role of each call."""

    def __init__(self, vectors):
        self.vectors = {text: np.asarray(vector, dtype=np.float32) for text, vector in vectors.items()}
        self.calls = []

    def __call__(self, texts, role):
        self.calls.append((list(texts), role))
        return np.stack([self.vectors[text] for text in texts])
