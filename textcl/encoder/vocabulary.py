"""The tokenizer of a model folder, and whether the backbone has an embedding for each of its tokens."""

from pathlib import Path

from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from textcl.encoder.folder_files import Settings
from textcl.errors import ModelError
from textcl.util.foreign import reading
from textcl.util.quiet import quiet_transformers

_TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json", "*.model", "*.spm", "spm*", "tokenizer*.json", "*.bpe", "*.tiktoken",
)  # fmt: skip
_NO_TOKENIZER = ("tokenizer_config.json",)  # settings of one, without its words


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a folder; no code of the folder runs.

    Raises:
        ModelError: There is none, it cannot be read, or it knows no words.
    """
    files = [file for pattern in _TOKENIZERS for file in sorted(folder.glob(pattern)) if file.name not in _NO_TOKENIZER]
    if not files:
        raise ModelError(
            f"{folder} holds no tokenizer (tokenizer.json, vocab.txt, …), and transformers would make up one without "
            "words; save the model's tokenizer beside its weights."
        )
    for file in (files[0], folder / "tokenizer_config.json"):
        if file.suffix == ".json" and file.exists():
            Settings.read(file)
    with reading(files[0]), quiet_transformers():
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        tokenizer("a text")
    return tokenizer


def check_vocabulary(backbone: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Raise a ModelError where a tokenizer gives tokens that the backbone has no embedding for."""
    rows = int(backbone.get_input_embeddings().get_parameter("weight").shape[0])
    largest = max(tokenizer.get_vocab().values(), default=-1)
    if largest >= rows:
        raise ModelError(
            f"{folder}: the tokenizer knows {largest + 1:,} tokens, but the backbone has embeddings for {rows:,}: call "
            "model.resize_token_embeddings(len(tokenizer)) before you save, or copy the tokenizer that belongs to it."
        )
