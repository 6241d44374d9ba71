"""Put a backbone, its tokenizer and the settings of its folder together."""

from dataclasses import replace

from tokenizers.normalizers import Lowercase, Sequence
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from textcl.encoder.encoder import Encoder
from textcl.encoder.files import Settings
from textcl.encoder.runtime_backbone import Backbone
from textcl.encoder.tokenizing import longest_input


def fitting(settings: Settings, backbone: PreTrainedModel) -> Settings:
    """Change a length beyond the backbone's positions, as some models state it, into theirs."""
    limit = longest_input(backbone)
    if limit is None or settings.max_length is None:
        return settings
    return replace(settings, max_length=min(limit, settings.max_length))


def assemble(backbone: Backbone, tokenizer: PreTrainedTokenizerBase, settings: Settings, precision: str) -> Encoder:
    """Build the encoder that a model folder describes."""
    if settings.lowercase:
        _lowercase_first(tokenizer)
    return Encoder(
        backbone,
        tokenizer,
        pooling=settings.pooling,
        prompts={role.value: prompt for role, prompt in settings.prompts.items()},
        pool_prompt=settings.pool_prompt,
        max_length=settings.max_length,
        precision=precision,
        dense=settings.dense,
    )


def _lowercase_first(tokenizer: PreTrainedTokenizerBase) -> None:
    """Make a tokenizer lower-case texts before its own steps."""
    own = tokenizer.backend_tokenizer.normalizer
    tokenizer.backend_tokenizer.normalizer = Sequence([Lowercase(), *([own] if own is not None else [])])
