"""Kinds of tasks, a file each; `evaluation.kinds` is the list of them."""
