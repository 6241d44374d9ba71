"""Runtimes of exported graphs: ONNX Runtime and OpenVINO, on the CPU, with as many threads as torch has."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig
from transformers.modeling_outputs import BaseModelOutput

from textcl.encoder.locate import Export
from textcl.errors import ModelError
from textcl.types.batches import FloatArray, IntArray
from textcl.util.foreign import reason_of
from textcl.util.precision import Precision, resolve

Runtime = Callable[[IntArray, IntArray], FloatArray]  # ids (n, L), mask (n, L) -> token vectors (n, L, D)


class RuntimeBackbone(nn.Module):
    """Token vectors from a runtime on the CPU, in the place of a backbone of transformers. It cannot be trained.

    Args:
        runtime: Computes the token vectors.
        config: Of the backbone that was exported.
        digest: Of the files that decide the vectors; it is part of the state, so a fingerprint of the encoder holds it.
    """

    digest: Tensor  # (16,) uint8

    def __init__(self, runtime: Runtime, config: PreTrainedConfig, digest: bytes) -> None:
        super().__init__()
        self.config = config
        self._runtime = runtime
        self.register_buffer("digest", torch.tensor(list(digest), dtype=torch.uint8))

    @property
    def device(self) -> torch.device:
        """Where the vectors come out."""
        return torch.device("cpu")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutput:
        """Compute the token vectors, (n, L, D)."""
        hidden = self._runtime(input_ids.numpy(), attention_mask.numpy())
        return BaseModelOutput(last_hidden_state=torch.from_numpy(hidden))

    def get_input_embeddings(self) -> nn.Embedding:
        """Return no word embeddings: none can be cut."""
        return nn.Embedding(0, 0)

    def save_pretrained(self, folder: Path, state_dict: Mapping[str, Tensor]) -> None:
        """Refuse: an export is made from a model, and copied with its folder."""
        raise ModelError(f"{folder}: an export cannot be saved as a model. Copy its folder, or save the model itself.")


class TokenTable(nn.Module):
    """Token vectors from a table, each the same in every text, in the place of a backbone of transformers.

    Args:
        table: The vector of each token, (V, D).
        nothing: The number of the token that stands for a text without tokens; its vector is zeros and is not learned.
    """

    def __init__(self, table: Tensor, nothing: int) -> None:
        super().__init__()
        self.words: nn.Embedding = nn.Embedding.from_pretrained(table, freeze=False)
        self.nothing = nothing
        self.config = PreTrainedConfig.from_dict({"hidden_size": table.shape[1]})

    @property
    def device(self) -> torch.device:
        """Where the table lies."""
        return self.words.weight.device

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutput:
        """Look the token vectors up, (n, L, D)."""
        is_nothing = input_ids == self.nothing
        hidden = self.words(input_ids.masked_fill(is_nothing, 0)).masked_fill(is_nothing.unsqueeze(-1), 0.0)
        return BaseModelOutput(last_hidden_state=hidden)

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the table."""
        return self.words

    def save_pretrained(self, folder: Path, state_dict: Mapping[str, Tensor]) -> None:
        """Refuse: a table has a folder of its own form."""
        raise ModelError(f"{folder}: token embeddings are no backbone, so they cannot be one of two towers.")


INPUTS = ("input_ids", "attention_mask")  # of a graph, each (n, L) int64
SEGMENTS = "token_type_ids"  # a third input of others' graphs: zeros, for one text at a time
OUTPUT = "last_hidden_state"  # (n, L, D)


def open_runtime(export: Export, file: Path, precision: str, width: int) -> Runtime:
    """Open an exported graph.

    Args:
        export: One that is a graph.
        file: The graph.
        precision: What OpenVINO multiplies in: float32, bf16 or auto. ONNX Runtime has float32 alone on the CPU.
        width: Of the token vectors.

    Returns:
        What computes them, and raises a ModelError where the graph cannot, or gives others.

    Raises:
        ModelError: The runtime is not installed, or cannot read the file.
    """
    is_onnx = export in (Export.ONNX, Export.ONNX_INT8)
    run = _onnx_runtime(file) if is_onnx else _openvino(file, resolve(precision, "cpu"))

    def compute(ids: IntArray, mask: IntArray) -> FloatArray:
        try:
            hidden = np.asarray(run(ids, mask), dtype=np.float32)
        except MemoryError:
            raise
        except Exception as error:  # the errors of runtimes share no narrower base
            raise ModelError(f"{file} cannot be computed ({reason_of(error)}); export the model again.") from error
        if hidden.shape != (*ids.shape, width):
            raise ModelError(
                f"{file} gives {hidden.shape} numbers for {ids.shape} tokens; {(*ids.shape, width)} are wanted, a "
                "vector for each. Export the model again."
            )
        return hidden

    return compute


def _onnx_runtime(file: Path) -> Runtime:
    try:
        import onnxruntime
    except ImportError as error:
        raise _missing(file, error) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # what is fatal; errors are raised, and warnings tell of optimisations not made
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no narrower base
        raise _unreadable(file, error) from error

    names = _checked([put.name for put in session.get_inputs()], [put.name for put in session.get_outputs()], file)

    def run(ids: IntArray, mask: IntArray) -> FloatArray:
        hidden: FloatArray = session.run([OUTPUT], _inputs(names, ids, mask))[0]
        return hidden

    return run


def _openvino(file: Path, precision: Precision) -> Runtime:
    try:
        import openvino
    except ImportError as error:
        raise _missing(file, error) from error
    settings: dict[str, Any] = {  # OpenVINO takes values of several kinds
        "INFERENCE_PRECISION_HINT": {Precision.BF16: "bf16", Precision.FP16: "f16"}.get(precision, "f32"),
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    try:
        graph = openvino.Core().compile_model(file, "CPU", settings)
    except RuntimeError as error:
        raise _unreadable(file, error) from error

    named = [sorted(name for put in puts for name in put.get_names()) for puts in (graph.inputs, graph.outputs)]
    names = _checked(named[0], named[1], file)

    def run(ids: IntArray, mask: IntArray) -> FloatArray:
        hidden: FloatArray = graph(_inputs(names, ids, mask))[OUTPUT]
        return hidden.copy()  # the next call writes over it

    return run


def _checked(inputs: Sequence[str], outputs: Sequence[str], file: Path) -> list[str]:
    """Return the names of a graph's inputs; a graph that takes or gives other things than textcl's is refused."""
    known = {*INPUTS, SEGMENTS}
    if not set(INPUTS) <= set(inputs) <= known or OUTPUT not in outputs:
        raise ModelError(
            f"{file}: the graph takes {', '.join(inputs)} and gives {', '.join(outputs)}; textcl opens graphs that "
            f"take {', '.join(INPUTS)}, or {SEGMENTS} besides, and give {OUTPUT}. Export the model with textcl export."
        )
    return list(inputs)


def _inputs(names: Sequence[str], ids: IntArray, mask: IntArray) -> dict[str, IntArray]:
    given = {**dict(zip(INPUTS, (ids, mask), strict=True)), SEGMENTS: np.zeros_like(ids)}
    return {name: given[name] for name in names}


def _missing(file: Path, error: ImportError) -> ModelError:
    return ModelError(f"{file} needs the package {error.name}, which is not installed: pip install {error.name}")


def _unreadable(file: Path, error: Exception) -> ModelError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelError(f"{file} cannot be read ({reason}); export the model again.")
