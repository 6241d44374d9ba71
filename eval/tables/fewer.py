"""A task with few of its rows, to try a table in minutes: its scores mean nothing."""

from textcl.evaluation.task import Task
from textcl.evaluation.tasks.classification import Classification
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS

QUERIES = 10


def fewer(task: Task, rows: int) -> Task:
    """Return a task with at most so many pairs, texts or documents; one of another kind as it is."""
    if isinstance(task, STS):
        return STS(task.name, task.pairs[:rows])
    if isinstance(task, Classification):
        train = task.train[:: max(1, len(task.train) // rows)]
        labels = {row.label for row in train}
        return Classification(task.name, train, [row for row in task.test if row.label in labels][:rows])
    if isinstance(task, Retrieval):
        qrels = dict(list(task.qrels.items())[:QUERIES])
        wanted = {document for grades in qrels.values() for document in grades}
        kept = [document for document in task.corpus if document in wanted] + list(task.corpus)[:rows]
        corpus = {document: task.corpus[document] for document in dict.fromkeys(kept)}
        queries = {query: task.queries[query] for query in qrels}
        return Retrieval(task.name, corpus, queries, qrels, drops_self=task.drops_self)
    return task
