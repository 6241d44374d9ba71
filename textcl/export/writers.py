"""Distillation to token embeddings by model2vec: each token goes through the model once, then texts are means.

Source:
    Tulkens and van Dongen 2024, Model2Vec: Fast State-of-the-Art Static Embeddings. doi:10.5281/zenodo.17270888
"""

import shutil
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from textcl.encoder.encoder import Encoder
from textcl.encoder.folder_files import read_json, write_json
from textcl.encoder.locate import LOCATIONS, Export
from textcl.encoder.opening import build_encoder, graph_files
from textcl.encoder.router import read_towers
from textcl.errors import ModelError
from textcl.export.onnx import write_onnx, write_onnx_int8
from textcl.util.atomic import new_folder
from textcl.util.quiet import hushed


def write_bf16(folder: Path, location: Path) -> None:
    """Write a model folder again with the weights of its transformers in bf16; those of dense layers stay float32."""
    build_encoder(str(folder)).save(location)
    for tower in (tower for tower in read_towers(location) if not tower.is_static):
        file = tower.folder / "model.safetensors"
        weights = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(file).items()}
        save_file(weights, file, metadata={"format": "pt"})
        config = tower.folder / "config.json"
        write_json(config, {**read_json(config), "dtype": "bfloat16"})


def write_openvino(folder: Path, file: Path) -> None:
    """Write the backbone of a model folder as a graph of OpenVINO, in float32."""
    _write(folder, file, in_int8=False)


def write_openvino_int8(folder: Path, file: Path) -> None:
    """Write the same with int8 weights, a scale a channel; OpenVINO scales activations token by token."""
    _write(folder, file, in_int8=True)


def _write(folder: Path, file: Path, *, in_int8: bool) -> None:
    import openvino

    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        onnx = Path(temporary) / "model.onnx"
        write_onnx(folder, onnx)
        graph = openvino.Core().read_model(onnx)
        if in_int8:
            with hushed():
                import nncf

                graph = nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_ASYM)
        openvino.save_model(graph, file, compress_to_fp16=False)


_WIDTH = 256  # principal components that are kept, the library's own default
_POOLINGS = {"mean": "mean", "cls": "first", "last": "last"}  # ours → the library's


def write_static(folder: Path, location: Path) -> None:
    """Distil a model folder to token embeddings. Prompts are left behind: each would move all vectors alike.

    Raises:
        ModelError: The model has two towers, dense layers, or a pooling that the library does not know.
    """
    encoder = build_encoder(str(folder))
    if not isinstance(encoder, Encoder) or not isinstance(encoder.backbone, PreTrainedModel):
        raise ModelError(f"{folder} holds two towers. Only --to torch-bf16 exports them; the other forms are of one.")
    if encoder.pooling not in _POOLINGS or len(encoder.dense) or encoder.layer_mix is not None:
        known = ", ".join(_POOLINGS)
        raise ModelError(f"{folder}: --to static distils models with the pooling {known}, without other layers.")
    with hushed():
        from model2vec.distill import distill_from_model
        from model2vec.persistence import save_pretrained

        width = min(_WIDTH, encoder.dimension)
        pooling = _POOLINGS[encoder.pooling]
        model = distill_from_model(
            encoder.backbone, encoder.tokenizer, device="cpu", pca_dims=width, pooling=pooling, quantize_to="float32"
        )
        # Without its card, which knows neither licence nor scores, and without the path of the folder.
        config = {name: value for name, value in model.config.items() if name != "tokenizer_name"}
        # Row by row in memory: PCA leaves it column by column, and safetensors would write it down as it lies.
        vectors = np.ascontiguousarray(model.embedding, dtype=np.float32)
        model.tokenizer.no_padding()  # some tokenizers pad all texts to one length, and model2vec would read that
        save_pretrained(location, vectors, model.tokenizer, config, create_model_card=False, weights=model.weights)
    (location / "1_Normalize").mkdir()
    write_json(location / "1_Normalize" / "config.json", {})  # the Hub keeps no empty folder


_WRITERS: dict[Export, Callable[[Path, Path], None]] = {
    Export.ONNX: write_onnx,
    Export.ONNX_INT8: write_onnx_int8,
    Export.OPENVINO: write_openvino,
    Export.OPENVINO_INT8: write_openvino_int8,
    Export.TORCH_BF16: write_bf16,
    Export.STATIC: write_static,
}


def write_export(folder: Path, export: Export, target: Path) -> Path:
    """Write an export of a model.

    Args:
        folder: The model folder, which is only read.
        export: The form.
        target: A folder that gets the export as it would lie in the model folder.

    Returns:
        Where it lies: a file or a folder.

    Raises:
        ModelError: The model cannot be exported to this form.
        OSError: The disk does not take it.
    """
    location = target / LOCATIONS[export]
    _WRITERS[export](folder, location)
    return location


_GRAPH = ("onnx", "onnxscript")  # what torch writes graphs with
_PACKAGES = {
    Export.ONNX: (*_GRAPH, "onnxruntime"),
    Export.ONNX_INT8: (*_GRAPH, "onnxruntime"),
    Export.OPENVINO: (*_GRAPH, "openvino"),
    Export.OPENVINO_INT8: (*_GRAPH, "openvino", "nncf"),
    Export.TORCH_BF16: (),
    Export.STATIC: ("model2vec", "skeletoken"),
}


def check_installed(export: Export) -> None:
    """Make sure that what makes and runs an export is installed, before anything is done.

    Raises:
        ModelError: A package is missing; says how to install it.
    """
    missing = [package for package in _PACKAGES[export] if find_spec(package) is None]
    if missing:
        names = " ".join(missing)
        raise ModelError(f"--to {export} needs packages that are not installed. pip install {names}")


def versions_of(export: Export) -> dict[str, str]:
    """Return the versions of the packages that decide an export."""
    return {package: version(package) for package in ("textcl", "torch", "transformers", *_PACKAGES[export])}


def put_in_place(new: Path, location: Path) -> list[Path]:
    """Move an export into the model folder, over one that stood there before.

    Args:
        new: The export, a folder or a graph.
        location: Where it belongs.

    Returns:
        Its files.
    """
    if new.is_dir():
        with new_folder(location) as temporary:
            shutil.copytree(new, temporary, dirs_exist_ok=True)
        return sorted(path for path in location.rglob("*") if path.is_file())
    location.parent.mkdir(exist_ok=True)
    for file in reversed(graph_files(new)):  # the graph last: where it is, its weights are
        file.replace(location.with_suffix(file.suffix))
    return graph_files(location)
