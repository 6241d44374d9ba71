import pytest
from torch import nn
from transformers import AutoConfig

from textcl.encoder.backbone import dropout_settings, largest_dropout, set_dropout


def test_dropout_that_attention_applies_by_a_function_is_found() -> None:
    attention = nn.Linear(2, 2)
    attention.attention_dropout = 0.2  # as ModernBERT's attention keeps it

    assert largest_dropout(nn.Sequential(nn.Dropout(0.1), attention)) == 0.2


def test_heads_and_dropped_layers_are_not_the_encoders_dropout() -> None:
    assert dropout_settings(AutoConfig.for_model("distilbert")) == {"dropout": 0.1, "attention_dropout": 0.1}
    assert set(dropout_settings(AutoConfig.for_model("gpt2"))) == {"resid_pdrop", "embd_pdrop", "attn_pdrop"}


def test_a_config_without_dropout_is_refused() -> None:
    config = AutoConfig.for_model("mamba")

    with pytest.raises(ValueError, match="dropout cannot be set: the architecture 'mamba' has none"):
        set_dropout(config, 0.1)
