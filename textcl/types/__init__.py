"""Every type that crosses a wall between two rooms, and the letters that shapes are written in.

Letters: `B` rows of the batch (all ranks), `V` views, `N` texts or sequences, `L` tokens, `D` embedding width, `H` the
width of a word's embedding at the input of an encoder.
"""

from typing import TYPE_CHECKING

from textcl.lazy import lazy

if TYPE_CHECKING:
    from textcl.types.batches import (
        BoolArray,
        Chunk,
        Embed,
        EmbeddedBatch,
        FloatArray,
        InputAugmentation,
        InputFormat,
        InputSequence,
        IntArray,
        Kept,
        PairBatch,
        TokenEncoder,
        Tokenize,
        Tokens,
        View,
    )
    from textcl.types.objective import Objective
    from textcl.types.protocols import Hits, Index, TrainingRows
    from textcl.types.text import Augmentation, Example, Role, Source, Use
else:
    __getattr__, __dir__ = lazy(__name__)

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
    "Use",
    "View",
]
