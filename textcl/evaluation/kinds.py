"""The kinds of tasks that a suite may hold: a file each, with its columns, its places and how it is loaded.

A kind's class has its `kind`, a `name`, and `task(files)`, which reads the data and returns the task. To add one, write
its file and put its class into `Entry`.
"""

from typing import Annotated

from pydantic import Field

from textcl.evaluation.tasks.bitext import BitextEntry
from textcl.evaluation.tasks.classification import ClassificationEntry
from textcl.evaluation.tasks.clustering import ClusteringEntry
from textcl.evaluation.tasks.geometry import GeometryEntry
from textcl.evaluation.tasks.pair_classification import PairsEntry
from textcl.evaluation.tasks.reranking import RerankingEntry
from textcl.evaluation.tasks.retrieval import RetrievalEntry
from textcl.evaluation.tasks.sts import STSEntry

Entry = Annotated[
    STSEntry
    | RetrievalEntry
    | PairsEntry
    | RerankingEntry
    | BitextEntry
    | ClassificationEntry
    | ClusteringEntry
    | GeometryEntry,
    Field(discriminator="kind"),
]
