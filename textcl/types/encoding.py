"""What the rest of textcl knows of an encoder: training its chunks, an evaluation its texts."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from textcl.types.arrays import FloatArray
from textcl.types.sequences import Chunk
from textcl.types.text import Role


class TokenEncoder(Protocol):
    """A module from padded tokens to embeddings, each row on its own: all that training knows of an encoder."""

    @property
    def dimension(self) -> int:
        """The width D of an embedding."""
        ...

    def __call__(self, chunk: Chunk) -> Tensor: ...  # (n, D) float32, of any length

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def modules(self) -> Iterator[nn.Module]: ...

    def train(self, mode: bool = True) -> object: ...

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> object: ...

    def save(self, folder: Path) -> None:
        """Write the model in sentence-transformers' folder format."""
        ...


Embed = Callable[[Sequence[str], Role], FloatArray]  # N texts -> (N, D) float32, unit length
