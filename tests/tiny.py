"""Tiny encoders built in memory: a word-piece vocabulary of some hundred entries and backbones of sixteen channels."""

import string
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast

from textcl.encoder.encoder import Encoder
from textcl.encoder.two_tower import TwoTower
from textcl.types.batches import PairBatch, View
from textcl.types.text import Role

KINDS = ("bert", "roberta", "mpnet", "distilbert", "modernbert")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_TEXT = """
a an the one two three some all no not and or of in on at to from with by for as is are was were be has had
man woman child dog cat horse bird fish boy girl people city river road house tree table book song guitar
plays reads runs sings eats sleeps walks sees makes takes gives red green blue black white old
young big small fast slow good bad happy sad new query passage question answer what who where when why how
number list matrix value returns compute function sentence text word model vector train test data
"""
WORDS = tuple(_TEXT.split())
SENTENCES = (
    "a man plays the guitar",
    "the old woman reads a big red book by the river",
    "two dogs run",
    "what is the value of a matrix?",
    "fish",
    "a young child sees three small birds on a green tree and sings a sad song to the people of the city",
    "compute the vector of one word",
)
_SIZES: dict[str, dict[str, int]] = {
    "bert": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32},
    "roberta": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32},
    "mpnet": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32},
    "distilbert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32},
    "modernbert": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32},
}
_DROPOUT_KEYS = {
    "bert": ("hidden_dropout_prob", "attention_probs_dropout_prob"),
    "roberta": ("hidden_dropout_prob", "attention_probs_dropout_prob"),
    "mpnet": ("hidden_dropout_prob", "attention_probs_dropout_prob"),
    "distilbert": ("dropout", "attention_dropout"),
    "modernbert": ("embedding_dropout", "mlp_dropout", "attention_dropout"),
}
_POSITIONS = 64  # tokens; RoBERTa and MPNet lose two of them to padding


def tiny_tokenizer(pad_id: int = 0) -> PreTrainedTokenizerFast:
    """Build a lower-casing word-piece tokenizer over the words above, letters and punctuation.

    Args:
        pad_id: Where [PAD] stands among the special tokens; RoBERTa and MPNet need 1.
    """
    special = sorted(SPECIAL, key=lambda piece: pad_id if piece == "[PAD]" else SPECIAL.index(piece) - 0.5)
    pieces = dict.fromkeys((*special, *WORDS, *string.ascii_lowercase, *string.digits, *string.punctuation))
    pieces.update(dict.fromkeys(f"##{letter}" for letter in string.ascii_lowercase))
    vocabulary = {piece: position for position, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    ends = [("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ends)
    names = {f"{piece.strip('[]').lower()}_token": piece for piece in SPECIAL}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=_POSITIONS - 2,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )


def tiny_backbone(kind: str = "bert", dropout: float = 0.1, seed: int = 17) -> PreTrainedModel:
    """Build a two-layer backbone of sixteen channels with random weights.

    Args:
        kind: One of `KINDS`.
        dropout: The rate of every dropout in it.
        seed: Decides the weights.
    """
    pad_id = _pad_id(kind)
    settings: dict[str, Any] = {
        "vocab_size": len(tiny_tokenizer(pad_id)),
        "max_position_embeddings": _POSITIONS,
        "pad_token_id": pad_id,
        "initializer_range": 0.3,  # wide, so that different texts get clearly different vectors
        **_SIZES[kind],
        **dict.fromkeys(_DROPOUT_KEYS[kind], dropout),
    }
    if kind == "modernbert":
        settings |= {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3, "local_attention": 8}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        extra = {} if kind in ("distilbert", "modernbert") else {"add_pooling_layer": False}
        return AutoModel.from_config(AutoConfig.for_model(kind, **settings), **extra).eval()


def masked_language_model(folder: Path, seed: int = 17) -> str:
    """Save a BERT of two layers and random weights that predicts masked words, and return its folder."""
    tokenizer = tiny_tokenizer()
    config = AutoConfig.for_model(
        "bert",
        vocab_size=len(tokenizer),
        max_position_embeddings=_POSITIONS,
        initializer_range=0.3,
        **_SIZES["bert"],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def tiny_encoder(
    pooling: str = "mean", dropout: float = 0.1, kind: str = "bert", seed: int = 17, **settings: Any
) -> Encoder:
    """Build an encoder of (N, 16) vectors; `settings` are those of `Encoder`."""
    backbone = tiny_backbone(kind, dropout, seed)
    return Encoder(backbone, tiny_tokenizer(_pad_id(kind)), pooling=pooling, **settings)


def tiny_towers(dropout: float = 0.1) -> TwoTower:
    """Build two towers of (N, 16) vectors that differ in kind, padding, pooling, prompts and lengths."""
    queries = tiny_encoder("mean", dropout, prompts={"anchor": "query: "}, max_length=20)
    documents = tiny_encoder("cls", dropout, "roberta", 5, prompts={"positive": "answer: "}, max_length=12)
    return TwoTower(queries, documents)


def sentence_batch(encoder: Encoder | TwoTower, roles: tuple[Role, ...]) -> PairBatch:
    """Tokenise the sentences as the first view; each further view holds them shifted by one more."""
    rows = np.arange(len(SENTENCES))
    views = []
    for number, role in enumerate(roles):
        texts = tuple(SENTENCES[(row + number) % len(SENTENCES)] for row in rows)
        views.append(View(role, encoder.tokenize(texts, role), rows + 100 * number, texts))
    return PairBatch(tuple(views), rows)


def _pad_id(kind: str) -> int:
    return 1 if kind in ("roberta", "mpnet") else 0
