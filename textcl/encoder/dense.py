"""A dense layer after pooling, as some models of sentence-transformers have it."""

from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from textcl.encoder.folder_files import Settings, check_weights, write_json
from textcl.errors import ModelError
from textcl.util.foreign import reading

_INPUT = "sentence_embedding"
# A folder names its activation; no other name than these is looked up.
_ACTIVATIONS: dict[str, type[nn.Module]] = {
    kind.__name__: kind
    for kind in (
        nn.Identity, nn.Tanh, nn.ReLU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.ELU, nn.SELU, nn.LeakyReLU, nn.Mish,
        nn.Softplus, nn.Softsign, nn.Tanhshrink, nn.Hardtanh, nn.Hardswish, nn.ReLU6,
    )
}  # fmt: skip


class Dense(nn.Module):
    """A linear layer and an activation, (n, D) → (n, width)."""

    def __init__(self, linear: nn.Linear, activation: nn.Module) -> None:
        super().__init__()
        self.linear = linear
        self.activation = activation

    @property
    def width(self) -> int:
        """The width of what comes out."""
        return self.linear.out_features

    def forward(self, vectors: Tensor) -> Tensor:
        """Map vectors, (n, D) → (n, width)."""
        return cast(Tensor, self.activation(self.linear(vectors)))


def read_dense(folder: Path) -> Dense:
    """Read a dense layer from a module folder of sentence-transformers.

    Raises:
        ModelError: It is of a form that textcl does not know, or its weights are missing.
    """
    config = Settings.read(folder / "config.json")
    ends = {config.text("module_input_name", _INPUT), config.text("module_output_name", _INPUT)}
    if config.flag("use_residual", False) or ends != {_INPUT}:
        raise ModelError(f"{config.file}: textcl knows Dense on the sentence embedding, without a residual.")
    path = config.text("activation_function", "torch.nn.modules.activation.Tanh") or ""
    activation = activation_of(path, config.file)
    linear = _linear(config, folder)
    return Dense(linear, activation)


def _linear(config: Settings, folder: Path) -> nn.Linear:
    """Read the weights, which must be as wide as the config says."""
    file, weights = _weights(folder)
    taken, given, bias = config.count("in_features"), config.count("out_features"), config.flag("bias", True)
    if taken is None or given is None:
        raise ModelError(f"{config.file}: {'in_features' if taken is None else 'out_features'} is missing.")
    shapes = {"weight": (given, taken)} | ({"bias": (given,)} if bias else {})
    found = {name.removeprefix("linear."): tensor for name, tensor in weights.items()}
    if {name: tuple(tensor.shape) for name, tensor in found.items()} != shapes:
        held = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in weights.items()) or "nothing"
        raise ModelError(f"{file} holds {held}; {config.file} says {taken} numbers in, {given} out, bias {bias}.")
    linear = nn.Linear(taken, given, bias=bias)
    linear.load_state_dict({name: tensor.float() for name, tensor in found.items()})
    return linear


def write_dense(dense: Dense, folder: Path) -> None:
    """Write a dense layer as a module folder of sentence-transformers."""
    kind = type(dense.activation)
    config = {
        "in_features": dense.linear.in_features,
        "out_features": dense.linear.out_features,
        "bias": dense.linear.bias is not None,
        "activation_function": f"{kind.__module__}.{kind.__name__}",
    }
    write_json(folder / "config.json", config)
    state = dense.linear.state_dict()
    weights = {f"linear.{name}": tensor.detach().float().cpu().contiguous() for name, tensor in state.items()}
    save_file(weights, folder / "model.safetensors")


def _weights(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """Return the file of the weights, and what it holds."""
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
