"""What makes large backbones trainable: low-rank adapters, layers that are computed anew, weights held in bf16.

Adapters are by peft: small matrices beside frozen weights, trained alone, and merged in when a model is saved. A layer
with the weights W computes W + alpha / rank · B A in place of W; A and B are all that is trained. B starts at zero, so
an encoder starts as its base.

Source:
    Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models. arXiv:2106.09685
"""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from textcl.encoder.locate import HubModel

_log = logging.getLogger(__name__)

FOLDER = "adapter"  # beside the merged weights
ALL_LINEAR = "all-linear"
_NAME = "default"  # of the one adapter, as peft calls it
# What queries and values of an attention are computed by, in the architectures of transformers.
_QUERIES_AND_VALUES = {
    "query", "value", "q_proj", "v_proj", "query_proj", "value_proj", "q_lin", "v_lin", "q", "v",
    "Wqkv", "qkv_proj", "query_key_value", "c_attn", "in_proj",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """What an adapter is like.

    Args:
        rank: Width of the small matrices.
        alpha: The adapter counts alpha / rank times.
        targets: Names of the linear layers that get one, or their ends, or `all-linear`; None: queries and values.
        dropout: Share of a layer's inputs that its adapter does not see in training.
    """

    rank: int
    alpha: float
    targets: tuple[str, ...] | None = None
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class Savings:
    """How a backbone is trained in less memory.

    Args:
        adapter: What is trained of it, its own weights frozen; None: all weights.
        recompute: Keep the inputs of its layers alone in training, and compute the rest twice.
        half: Hold its weights in bf16, those of an adapter aside.
    """

    adapter: AdapterSettings | None = None
    recompute: bool = False
    half: bool = False


def save_memory(backbone: PreTrainedModel, savings: Savings, base: HubModel | None) -> "Adapter | None":
    """Change a backbone in place as it shall be trained, and return its adapter.

    Args:
        backbone: What is trained.
        savings: How.
        base: The model on the Hub that the weights are of; None: a folder.

    Raises:
        ValueError: The backbone cannot be trained so; begins with the setting.
    """
    if savings.recompute:
        _recompute_layers(backbone)
    adapter = None if savings.adapter is None else Adapter(backbone, savings.adapter, base)
    if savings.half:
        frozen = [weight for weight in backbone.parameters() if not weight.requires_grad]
        for weight in frozen or list(backbone.parameters()):
            weight.data = weight.data.to(torch.bfloat16)
    return adapter


def _recompute_layers(backbone: PreTrainedModel) -> None:
    """Let a backbone keep the input of each layer alone while it trains, and compute the rest anew on the way back.

    The layers draw the same dropout again, so no gradient changes.

    Raises:
        ValueError: Its architecture cannot do so.
    """
    if not backbone.supports_gradient_checkpointing:
        kind = backbone.config.model_type
        raise ValueError(f"recompute: the architecture {kind!r} cannot compute its layers anew; set it to false.")
    newer = getattr(backbone, "activation_checkpointing_enable", None)
    (newer or backbone.gradient_checkpointing_enable)({"use_reentrant": False})
    backbone.disable_input_require_grads()  # type: ignore[no-untyped-call]  # transformers says no types of it


class Adapter:
    """The adapter of a backbone; the backbone's own weights are frozen, and its layers changed in place.

    Args:
        backbone: Gets it. Its first numbers are drawn from torch's generator.
        settings: What it is like.
        base: The model on the Hub that the weights are of, which the adapter's own files name; None: a folder.

    Raises:
        ValueError: The backbone has no such layers, or peft is not installed. Begins with the setting.
    """

    def __init__(self, backbone: PreTrainedModel, settings: AdapterSettings, base: HubModel | None = None) -> None:
        peft = _peft()
        names = _layers(backbone, settings.targets)
        self.backbone = backbone
        self.config = peft.LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            target_modules=names,
            base_model_name_or_path=base.id if base else None,
            revision=base.revision if base else None,
        )
        with warnings.catch_warnings(action="ignore"):  # of names that transformers changes, and how peft reads Conv1D
            peft.inject_adapter_in_model(self.config, backbone, _NAME)
        self.config.target_modules = names  # peft has shortened them to ends, which may fit other layers elsewhere

    @property
    def scale(self) -> float:
        """How many times the small matrices' product counts."""
        return float(self.config.lora_alpha / self.config.r)

    def merged(self) -> dict[str, Tensor]:
        """Return the weights of the backbone with the adapter in them, under its own names, float32.

        It says so where they are those of the base: then the adapter has learnt nothing.
        """
        changes = {f"{name}.weight": change for name, change in self._changes()}
        weights, has_learnt = {}, False
        for name, held in self.backbone.state_dict().items():
            if ".lora_" in name:
                continue
            own = name.replace(".base_layer.", ".")
            base = held.detach().float() if held.is_floating_point() else held
            weights[own] = base + changes[own].to(base) if own in changes else base
            has_learnt = has_learnt or (own in changes and not torch.equal(weights[own], base))
        if not has_learnt:
            _log.warning("The adapter has learnt nothing: the merged model is equal to its base.")
        return weights

    def save(self, folder: Path) -> None:
        """Write the adapter alone, as `PeftModel.from_pretrained(base, folder)` opens it."""
        folder.mkdir(exist_ok=True)
        state = _peft().get_peft_model_state_dict(self.backbone, adapter_name=_NAME)
        weights = {f"base_model.model.{name}": held.detach().cpu().contiguous() for name, held in state.items()}
        save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        self.config.save_pretrained(folder)

    def _changes(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the name of each layer that the adapter changes, and by what its weights."""
        layer = _peft().tuners.lora.LoraLayer
        for name, module in self.backbone.named_modules():
            if isinstance(module, layer):
                with torch.no_grad():
                    yield name, module.get_delta_weight(_NAME)


def _peft() -> ModuleType:
    try:
        import peft  # slow to import, and needed by adapters only
    except ImportError as error:
        raise ValueError("adapter: it needs the package peft; pip install 'textcl[adapters]' brings it.") from error
    return peft


def _layers(backbone: PreTrainedModel, targets: tuple[str, ...] | None) -> list[str]:
    """Return the full names of the layers that get an adapter, in order."""
    linear = [name for name, module in backbone.named_modules() if _is_linear(module) and "pooler" not in name]
    if not linear:
        kind = backbone.config.model_type
        raise ValueError(f"adapter: the architecture {kind!r} has no linear layers, which an adapter stands beside.")
    if targets is None:
        return [name for name in linear if _end(name) in _QUERIES_AND_VALUES] or linear
    chosen = dict.fromkeys(name for target in targets for name in _named(target, linear))
    return [name for name in linear if name in chosen]


def _named(target: str, linear: list[str]) -> list[str]:
    found = [name for name in linear if f".{name}".endswith(f".{target}") or target == ALL_LINEAR]
    if not found:
        known = ", ".join(dict.fromkeys(map(_end, linear)))
        raise ValueError(
            f"adapter.targets: found {target!r}, but no linear layer of this backbone has a name that ends so. "
            f"It has {known}; {ALL_LINEAR} is all of them."
        )
    return found


def _end(name: str) -> str:
    """Return the last part of a layer's name; a number says nothing without the part before it."""
    parts = name.split(".")
    return ".".join(parts[-2:]) if parts[-1].isdigit() else parts[-1]


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear | Conv1D)
