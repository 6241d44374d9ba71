"""A dense layer after pooling, as some models of sentence-transformers have it."""

import json
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from textcl.errors import ModelError

_INPUT = "sentence_embedding"


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
    config = json.loads((folder / "config.json").read_text())
    ends = {config.get("module_input_name") or _INPUT, config.get("module_output_name") or _INPUT}
    if config.get("use_residual") or ends != {_INPUT}:
        raise ModelError(f"{folder / 'config.json'}: textcl knows Dense on the sentence embedding, without a residual.")
    linear = nn.Linear(config["in_features"], config["out_features"], bias=config.get("bias", True))
    linear.load_state_dict({name.removeprefix("linear."): tensor.float() for name, tensor in _weights(folder).items()})
    return Dense(linear, _activation(config.get("activation_function", "torch.nn.modules.activation.Tanh"), folder))


def write_dense(dense: Dense, folder: Path) -> None:
    """Write a dense layer as a module folder of sentence-transformers."""
    kind = type(dense.activation)
    config = {
        "in_features": dense.linear.in_features,
        "out_features": dense.linear.out_features,
        "bias": dense.linear.bias is not None,
        "activation_function": f"{kind.__module__}.{kind.__name__}",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    state = dense.linear.state_dict()
    weights = {f"linear.{name}": tensor.detach().float().cpu().contiguous() for name, tensor in state.items()}
    save_file(weights, folder / "model.safetensors")


def _weights(folder: Path) -> dict[str, Tensor]:
    if (folder / "model.safetensors").exists():
        return load_file(folder / "model.safetensors")
    if (folder / "pytorch_model.bin").exists():
        weights: dict[str, Tensor] = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
        return weights
    raise ModelError(f"{folder} holds no weights: no model.safetensors and no pytorch_model.bin.")


def _activation(path: str, folder: Path) -> nn.Module:
    """Build an activation of torch from its dotted path."""
    kind = getattr(nn, path.rpartition(".")[2], None)
    if not path.startswith("torch.nn.") or not isinstance(kind, type) or not issubclass(kind, nn.Module):
        raise ModelError(f"{folder / 'config.json'}: textcl does not know the activation {path!r}.")
    return kind()
