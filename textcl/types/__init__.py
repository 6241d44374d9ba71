"""Every type that crosses a wall between two rooms, and the letters that shapes are written in.

Letters: `B` rows of the batch (all ranks), `V` views, `N` texts or sequences, `L` tokens, `D` embedding width, `H` the
width of a word's embedding at the input of an encoder.
"""

from textcl.types.arrays import BoolArray, FloatArray, IntArray
from textcl.types.batches import EmbeddedBatch, PairBatch, View
from textcl.types.encoding import Embed, TokenEncoder
from textcl.types.index import Hits, Index, TrainingRows
from textcl.types.objective import Objective
from textcl.types.sequences import Chunk, InputAugmentation, InputFormat, InputSequence, Kept, Tokenize, Tokens
from textcl.types.text import Augmentation, Example, Role, Source

__all__ = [
    "Augmentation",
    "BoolArray",
    "Chunk",
    "Embed",
    "EmbeddedBatch",
    "Example",
    "FloatArray",
    "Hits",
    "Index",
    "InputAugmentation",
    "InputFormat",
    "InputSequence",
    "IntArray",
    "Kept",
    "Objective",
    "PairBatch",
    "Role",
    "Source",
    "TokenEncoder",
    "Tokenize",
    "Tokens",
    "TrainingRows",
    "View",
]
