"""Open a graph that was exported from a model: its runtime in the place of the backbone, all else as in the folder."""

from dataclasses import replace
from pathlib import Path

from textcl.encoder.assembling import assemble, fitting
from textcl.encoder.backbone import load_skeleton
from textcl.encoder.encoder import Encoder
from textcl.encoder.exports import Export
from textcl.encoder.file_digest import file_digest
from textcl.encoder.router import read_towers
from textcl.encoder.runtime_backbone import RuntimeBackbone
from textcl.encoder.runtimes import open_runtime
from textcl.encoder.tokenizing import usual_length
from textcl.errors import ModelError


def open_graph(folder: Path, export: Export, file: Path, precision: str) -> Encoder:
    """Open an exported graph as an encoder: tokens, pooling, dense layers and prompts are those of its model folder.

    Args:
        folder: The model folder.
        export: The form of the graph.
        file: The graph.
        precision: What to multiply in, where the runtime leaves a choice.

    Raises:
        ModelError: The folder or the graph can not be read, or the folder holds two towers.
    """
    towers = read_towers(folder)
    if len(towers) != 1:
        raise ModelError(f"{folder} holds two towers; a graph is of one.")
    skeleton, tokenizer = load_skeleton(towers[0].folder)
    settings = fitting(towers[0].settings, skeleton)
    if settings.max_length is None:  # a graph does not say how many positions it has
        settings = replace(settings, max_length=usual_length(skeleton, tokenizer))
    backbone = RuntimeBackbone(open_runtime(export, file, precision), skeleton.config, file_digest(graph_files(file)))
    return assemble(backbone, tokenizer, settings, precision)


def graph_files(file: Path) -> list[Path]:
    """Return the files of a graph; OpenVINO keeps the weights in one of their own."""
    return [path for path in (file, file.with_suffix(".bin")) if path.exists()]
