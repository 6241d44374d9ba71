"""A model folder whose weights are bf16: half the size, for textcl, sentence-transformers and transformers."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from textcl.encoder import build_encoder
from textcl.encoder.json_files import read_json, write_json
from textcl.encoder.router import read_towers


def write_bf16(folder: Path, place: Path) -> None:
    """Write a model folder again with the weights of its transformers in bf16; those of dense layers stay float32."""
    build_encoder(str(folder)).save(place)
    for tower in read_towers(place):
        file = tower.folder / "model.safetensors"
        weights = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(file).items()}
        save_file(weights, file, metadata={"format": "pt"})
        config = tower.folder / "config.json"
        write_json(config, {**read_json(config), "dtype": "bfloat16"})
