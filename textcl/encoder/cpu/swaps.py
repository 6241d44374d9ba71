"""The parts of a Hugging Face encoder that are swapped for faster ones on the CPU, its own code left alone."""

from torch import nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface

from textcl.encoder.cpu import attention as fast_attention
from textcl.encoder.cpu.dropout import FastDropout

AttentionInterface.register(fast_attention.NAME, fast_attention.attention)
AttentionMaskInterface.register(fast_attention.NAME, fast_attention.attention_mask)


def use_fast_parts(backbone: PreTrainedModel) -> None:
    """Swap a backbone's attention and dropout for the fast ones, in place; parameters and saved files stay the same.

    The attention is swapped where the backbone takes `sdpa` through transformers' `AttentionInterface` (BERT, RoBERTa,
    DistilBERT, ModernBERT, ELECTRA, ...; not MPNet, DeBERTa). On other devices than the CPU both parts use torch's
    own kernels.
    """
    if backbone.config._attn_implementation == "sdpa" and backbone.is_backend_compatible():  # type: ignore[no-untyped-call]  # transformers says no types of it
        backbone.set_attn_implementation(fast_attention.NAME)
    for module in list(backbone.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout:
                setattr(module, name, FastDropout(child.p).train(child.training))
