"""Distillation to token embeddings by model2vec: each token goes through the model once, then texts are means.

Source:
    Tulkens and van Dongen 2024, Model2Vec: Fast State-of-the-Art Static Embeddings. doi:10.5281/zenodo.17270888
"""

from pathlib import Path

import numpy as np
from transformers import PreTrainedModel

from textcl.encoder import Encoder, build_encoder
from textcl.encoder.json_files import write_json
from textcl.errors import ModelError
from textcl.export.hushed import hushed

_WIDTH = 256  # principal components that are kept, the library's own default
_POOLINGS = {"mean": "mean", "cls": "first", "last": "last"}  # ours → the library's


def write_static(folder: Path, place: Path) -> None:
    """Distil a model folder to token embeddings. Prompts are left behind: each would move all vectors alike.

    Raises:
        ModelError: The model has two towers, dense layers, or a pooling that the library does not know.
    """
    encoder = build_encoder(str(folder))
    if not isinstance(encoder, Encoder) or not isinstance(encoder.backbone, PreTrainedModel):
        raise ModelError(f"{folder} holds two towers. Only --to torch-bf16 exports them; the other forms are of one.")
    if encoder.pooling not in _POOLINGS or len(encoder.dense):
        known = ", ".join(_POOLINGS)
        raise ModelError(f"{folder}: --to static distils models with the pooling {known}, without dense layers.")
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
        save_pretrained(place, vectors, model.tokenizer, config, create_model_card=False, weights=model.weights)
    (place / "1_Normalize").mkdir()
    write_json(place / "1_Normalize" / "config.json", {})  # the Hub keeps no empty folder
