"""A decoder that shares the weights of an encoder, and writes texts from their vectors."""

import copy

from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from textcl.encoder.encoder import Encoder
from textcl.encoder.protocols import TextEncoder


class TiedDecoder(nn.Module):
    """The backbone of an encoder as a decoder: its weights are the encoder's, beside attention to a vector and a head.

    Args:
        encoder: Stays as it is; what trains one trains the other.

    Raises:
        ValueError: transformers has no such decoder of this backbone, or the vectors are not as wide as it is.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__()
        if not isinstance(encoder, Encoder) or not isinstance(encoder.backbone, PreTrainedModel):
            raise ValueError("found an encoder of two towers or without layers, of which no decoder can be made.")
        backbone = encoder.backbone
        if encoder.dimension != backbone.config.hidden_size:
            raise ValueError(
                f"found vectors of {encoder.dimension} numbers, but a decoder of this backbone reads "
                f"{backbone.config.hidden_size}. Take a single pooling, and a model without layers behind it."
            )
        self.model = _decoder_like(backbone)
        self.vocabulary = int(self.model.config.vocab_size)

    def forward(self, vectors: Tensor, words: Tensor) -> Tensor:
        """Predict the word behind each, (n, D) and (n, L) to (n, L, vocabulary)."""
        state = vectors[:, None].to(self.model.dtype)
        read: Tensor = self.model(input_ids=words, encoder_hidden_states=state, use_cache=False).logits
        return read.to(vectors.dtype)


def _decoder_like(backbone: PreTrainedModel) -> PreTrainedModel:
    """Return a decoder with the weights of a backbone; what that has not is drawn."""
    config = copy.deepcopy(backbone.config)
    config.is_decoder, config.add_cross_attention = True, True
    try:
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
        base = getattr(model, model.base_model_prefix)
        base.get_submodule("encoder.layer.0.crossattention")
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"found the backbone {type(backbone).__name__}, of which transformers has no decoder that reads a "
            "vector. Take a BERT, RoBERTa, XLM-RoBERTa or ELECTRA."
        ) from error
    shared = dict(backbone.named_parameters())
    for name in [name for name, _ in base.named_parameters()]:
        if name in shared:
            module, _, attribute = name.rpartition(".")
            setattr(base.get_submodule(module), attribute, shared[name])
    model.tie_weights()
    nn.Module.to(model, device=backbone.device, dtype=backbone.dtype)
    return model
