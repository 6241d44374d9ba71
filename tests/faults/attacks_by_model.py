"""Attacks by a model folder: code, pickles, ways out of the folder, and what fills the memory or takes for ever."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults.attack import CODE, OWNED, Attack

_WAYS_OUT = (
    "../outside/1_Pooling", "/etc", "1_Pooling/../../outside/1_Pooling", "..\\outside\\1_Pooling", "C:\\x",
)  # fmt: skip
_SHARDS = ("../outside/model.safetensors", "/etc/passwd", "x/../../outside/model.safetensors")
_ACTIVATIONS = (
    "os.system",
    "torch.nn.Module",
    "torch.nn.modules.activation.Tanh.__init__",
    "evil.Loud",
    "torch.nn.Tanh",
)
_GROWS = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
_FOR_EVER = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
_TEMPLATE = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
_VERBS = (["encode", "made", "texts.txt", "--out", "v.npy"], ["check", "recipe.yaml", "encoder.backbone=made"])


class Pickled:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {OWNED}",)


def by_models() -> list[Attack]:
    """Return models that `encode` and `check` meet."""
    return [
        Attack(f"{words[0]} a model with {name}", words, prepare, is_refused and words is _VERBS[0])
        for words in _VERBS
        for prepares, is_refused in ((_REFUSED, True), (_HARMLESS, False))
        for name, prepare in prepares.items()
    ]


def _edit(file: str, values: dict[str, Any], folder: Path) -> None:
    """Set values in a JSON file of the model."""
    path = folder / "made" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def _leads(to: str, folder: Path) -> None:
    """Let the list of modules lead somewhere else."""
    path = folder / "made" / "modules.json"
    modules = json.loads(path.read_text())
    modules[1]["path"] = to
    path.write_text(json.dumps(modules))
    shutil.copytree(folder / "made" / "1_Pooling", folder / "outside" / "1_Pooling")


def _shard(name: str, folder: Path) -> None:
    """Let the index of the weights lead somewhere else."""
    (folder / "made" / "model.safetensors").rename(folder / "outside" / "model.safetensors")
    names = dict.fromkeys(["embeddings.word_embeddings.weight", "x"], name)
    (folder / "made" / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))


def _pickle(folder: Path) -> None:
    (folder / "made" / "model.safetensors").unlink()
    (folder / "made" / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": Pickled()}))


def _own_code(file: str, values: dict[str, Any], folder: Path) -> None:
    (folder / "made" / "own.py").write_text(CODE)
    _edit(file, values, folder)


def _dense(activation: str, folder: Path) -> None:
    """Add a dense layer of pickled weights with an activation."""
    path = folder / "made" / "modules.json"
    module = {"idx": 9, "name": "9", "path": "9_Dense", "type": "sentence_transformers.models.Dense"}
    path.write_text(json.dumps([*json.loads(path.read_text()), module]))
    (folder / "made" / "9_Dense").mkdir()
    config = {"in_features": 16, "out_features": 16, "bias": False, "activation_function": activation}
    (folder / "made" / "9_Dense" / "config.json").write_text(json.dumps(config))
    (folder / "made" / "9_Dense" / "pytorch_model.bin").write_bytes(pickle.dumps({"linear.weight": Pickled()}))


def _tokenizer(values: dict[str, Any], folder: Path) -> None:
    _edit("tokenizer.json", values, folder)
    (folder / "texts.txt").write_text("a" * 60 + "!\n")


_REFUSED: dict[str, Callable[[Path], None]] = {
    **{f"modules at {to}": partial(_leads, to) for to in _WAYS_OUT},
    **{f"a shard {to}": partial(_shard, to) for to in _SHARDS},
    **{f"the activation {name}": partial(_dense, name) for name in _ACTIVATIONS},
    "pickled weights": _pickle,
    "code of its own": partial(
        _own_code, "config.json", {"model_type": "strange", "auto_map": {"AutoConfig": "own.C", "AutoModel": "own.M"}}
    ),
    "a huge vocabulary": partial(_edit, "config.json", {"vocab_size": 10**12}),
    "a huge width": partial(_edit, "config.json", {"hidden_size": 10**9}),
    "a huge number of layers": partial(_edit, "config.json", {"num_hidden_layers": 10**9}),
    "an expression that takes for ever": partial(_tokenizer, {"pre_tokenizer": _FOR_EVER}),
    "texts that grow": partial(_tokenizer, {"normalizer": {**_GROWS, "content": "a" * 1_000_000}}),
    "texts that grow again and again": partial(
        _tokenizer, {"normalizer": {"type": "Sequence", "normalizers": [_GROWS] * 40}}
    ),
}
_HARMLESS: dict[str, Callable[[Path], None]] = {
    "code of its own, of a known kind": partial(_own_code, "config.json", {"auto_map": {"AutoModel": "own.M"}}),
    "code of a tokenizer": partial(
        _own_code,
        "tokenizer_config.json",
        {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.T", "own.T"]}},
    ),
    "a prompt that steers": partial(
        _edit, "config_sentence_transformers.json", {"prompts": {"\x1b]0;owned\x07": "\x1b[2J"}}
    ),
    "a template that looks around": partial(_edit, "tokenizer_config.json", {"chat_template": _TEMPLATE}),
}
