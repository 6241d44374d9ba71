"""Layers after pooling, as some models of sentence-transformers have them: Dense, LayerNorm, Dropout, Normalize."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from textcl.encoder.folder_files import Settings, check_ends, check_weights, write_json
from textcl.errors import ModelError
from textcl.util.foreign import reading

# A folder names its activation; no other name than these is looked up.
_ACTIVATIONS: dict[str, type[nn.Module]] = {
    kind.__name__: kind
    for kind in (
        nn.Identity, nn.Tanh, nn.ReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.ELU, nn.SELU, nn.LeakyReLU, nn.Mish,
        nn.Softplus, nn.Softsign, nn.Tanhshrink, nn.Hardtanh, nn.Hardswish, nn.ReLU6,
    )
}  # fmt: skip


class Dense(nn.Module):
    """A linear layer and an activation, (n, D) → (n, width).

    Args:
        linear: The layer.
        activation: Of what comes out of it.
        residual: Brings what went in to the width of what comes out, to be added; None: nothing is added.
    """

    kind = "Dense"

    def __init__(self, linear: nn.Linear, activation: nn.Module, residual: nn.Module | None = None) -> None:
        super().__init__()
        self.linear = linear
        self.activation = activation
        self.residual = residual

    @property
    def taken(self) -> int:
        """The width of what goes in."""
        return self.linear.in_features

    @property
    def width(self) -> int:
        """The width of what comes out."""
        return self.linear.out_features

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors, (n, D) → (n, width)."""
        mapped = cast(Tensor, self.activation(self.linear(vectors)))
        return mapped if self.residual is None else mapped + self.residual(vectors)


class Norm(nn.Module):
    """Brings each vector to mean 0 and variance 1, then scales and moves its numbers: a LayerNorm.

    Args:
        norm: The layer.
    """

    kind = "LayerNorm"

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.norm = norm

    @property
    def taken(self) -> int:
        """The width of what goes in."""
        return self.norm.normalized_shape[0]

    @property
    def width(self) -> int:
        """The width of what comes out."""
        return self.taken

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors, (n, D) → (n, D)."""
        return cast(Tensor, self.norm(vectors))


class VectorDropout(nn.Dropout):
    """Sets numbers of each vector to zero at random in training, (n, D) → (n, D)."""

    kind = "Dropout"
    taken, width = None, None  # any width, which stays


class Unit(nn.Module):
    """Brings each vector to unit length, (n, D) → (n, D)."""

    kind = "Normalize"
    taken, width = None, None

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors, (n, D) → (n, D)."""
        return F.normalize(vectors, dim=-1)


Layer = Dense | Norm | VectorDropout | Unit
KINDS = (Dense.kind, Norm.kind, VectorDropout.kind, Unit.kind)
WEIGHED = (Dense.kind, Norm.kind)  # those with weights


def width_after(layers: Sequence[Layer], width: int) -> int:
    """Return the width of vectors behind layers that take them with a width."""
    return next((layer.width for layer in reversed(layers) if layer.width is not None), width)


def read_layer(kind: str, folder: Path) -> Layer:
    """Read a layer from a module folder of sentence-transformers; `kind` is the name of its class, one of `KINDS`.

    Raises:
        ModelError: It is of a form that textcl does not know, or its weights are missing.
    """
    readers: dict[str, Callable[[Path], Layer]] = {
        Dense.kind: read_dense,
        Norm.kind: read_norm,
        VectorDropout.kind: read_drop,
        Unit.kind: read_unit,
    }
    return readers[kind](folder)


def read_drop(folder: Path) -> VectorDropout:
    """Read a dropout from a module folder of sentence-transformers.

    Raises:
        ModelError: Its rate is none.
    """
    config = Settings.read(folder / "config.json")
    rate = config.content.get("dropout", _RATE)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise config.wrong("dropout", "a number from 0 to 1")
    return VectorDropout(float(rate))


_RATE = 0.2  # where the folder names none


def read_unit(folder: Path) -> Unit:
    """Read from a module folder of sentence-transformers that vectors are brought to unit length.

    Raises:
        ModelError: Other vectors are than those of texts.
    """
    check_ends(Settings.read_if_there(folder / "config.json"), Unit.kind)
    return Unit()


def read_norm(folder: Path) -> Norm:
    """Read a norm from a module folder of sentence-transformers.

    Raises:
        ModelError: It is damaged, or its weights are missing.
    """
    config = Settings.read(folder / "config.json")
    width = config.count("dimension")
    if width is None:
        raise ModelError(f"{config.file}: dimension is missing.")
    file, weights = read_weights(folder)
    check_shapes(file, weights, {"norm.weight": (width,), "norm.bias": (width,)}, f"{config.file} says {width} numbers")
    norm = Norm(nn.LayerNorm(width))
    norm.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return norm


def read_dense(folder: Path) -> Dense:
    """Read a dense layer from a module folder of sentence-transformers.

    Raises:
        ModelError: It is of a form that textcl does not know, or its weights are missing.
    """
    config = Settings.read(folder / "config.json")
    check_ends(config, Dense.kind)
    path = config.text("activation_function", "torch.nn.modules.activation.Tanh") or ""
    activation = activation_of(path, config.file)
    with torch.device("meta"):  # a config may ask for more than there is memory
        dense = _dense(config, activation)
    file, weights = read_weights(folder)
    found = {name if "." in name else f"linear.{name}": tensor.float() for name, tensor in weights.items()}
    wanted = {name: tuple(tensor.shape) for name, tensor in dense.state_dict().items()}
    has_bias = dense.linear.bias is not None
    said = f"{config.file} says {dense.taken} numbers in, {dense.width} out, bias {has_bias}"
    check_shapes(file, found, wanted, said)
    dense.load_state_dict(found, assign=True)
    return dense


def _dense(config: Settings, activation: nn.Module) -> Dense:
    """Build a layer as its config says, without its weights."""
    taken, given, bias = config.count("in_features"), config.count("out_features"), config.flag("bias", True)
    if taken is None or given is None:
        raise ModelError(f"{config.file}: {'in_features' if taken is None else 'out_features'} is missing.")
    residual: nn.Module | None = None
    if config.flag("use_residual", False):
        residual = nn.Identity() if taken == given else nn.Linear(taken, given, bias=False)
    return Dense(nn.Linear(taken, given, bias=bias), activation, residual)


def check_shapes(file: Path, found: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]], said: str) -> None:
    """Raise a ModelError where a file of weights holds others than its config says.

    Args:
        file: The weights.
        found: What it holds.
        wanted: The shape of each by its name.
        said: What the config says, for the message.
    """
    if {name: tuple(tensor.shape) for name, tensor in found.items()} != dict(wanted):
        held = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in found.items()) or "nothing"
        raise ModelError(f"{file} holds {held}; {said}.")


def write_layer(layer: Layer, folder: Path) -> None:
    """Write a layer as a module folder of sentence-transformers."""
    write_json(folder / "config.json", _config(layer))
    if layer.kind in WEIGHED:
        write_weights(layer, folder)


def _config(layer: Layer) -> dict[str, object]:
    if isinstance(layer, Norm):
        return {"dimension": layer.width}
    if not isinstance(layer, Dense):
        return {"dropout": layer.p} if isinstance(layer, VectorDropout) else {}
    kind = type(layer.activation)
    config: dict[str, object] = {
        "in_features": layer.taken,
        "out_features": layer.width,
        "bias": layer.linear.bias is not None,
        "activation_function": f"{kind.__module__}.{kind.__name__}",
    }
    return config if layer.residual is None else config | {"use_residual": True}


def write_weights(module: nn.Module, folder: Path) -> None:
    """Write the weights of a module in float32."""
    state = {name: tensor.detach().float().cpu().contiguous() for name, tensor in module.state_dict().items()}
    save_file(state, folder / "model.safetensors")


def read_weights(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """Return the file of a module's weights, and what it holds.

    Raises:
        ModelError: There is none, or it cannot be read.
    """
    file = folder / "model.safetensors"
    if not file.exists():
        file = folder / "pytorch_model.bin"
    if not file.exists():
        raise ModelError(f"{folder} holds no weights: no model.safetensors and no pytorch_model.bin.")
    check_weights(file)
    with reading(file):
        if file.suffix == ".safetensors":
            return file, load_file(file)
        weights = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(weights, dict) or not all(isinstance(tensor, Tensor) for tensor in weights.values()):
        raise ModelError(f"{file} holds other things than named tensors; copy or download it again.")
    return file, {str(name): tensor for name, tensor in weights.items()}


def activation_of(path: str, file: Path) -> nn.Module:
    """Build an activation of torch from its dotted path.

    Args:
        path: As a model folder writes it.
        file: Where it stands, for messages.

    Raises:
        ModelError: textcl does not know it.
    """
    kind = _ACTIVATIONS.get(path.rpartition(".")[2])
    if kind is None or not path.startswith("torch.nn."):
        known = ", ".join(_ACTIVATIONS)
        raise ModelError(f"{file}: textcl does not know the activation {path!r}; it knows torch.nn's {known}.")
    return kind()
