"""M2M100 and NLLB through transformers: one model for all directions, told by a token in which language to write."""

from collections.abc import Sequence
from functools import cached_property

import torch

from textcl.errors import ModelError
from textcl.translate.engine import BEST, Decoding, Translation
from textcl.translate.language_codes import FLORES, exact_code
from textcl.translate.seq2seq import Seq2Seq, generate, load_seq2seq


class ManyToMany:
    """Translates with one model between all languages that it knows.

    Args:
        name: m2m100 or nllb, for messages and for the cache.
        model: Hub id or folder.
        device: Where the model works; None: CUDA if there is one, else the CPU.
    """

    lot = 256
    by_rules = False

    def __init__(self, name: str, model: str, device: str | None = None) -> None:
        self.name = name
        self._model = model
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))

    def version(self, source: str, target: str) -> str:
        """Return the version of transformers and what names the weights."""
        self._token(source)
        self._token(target)
        return f"{self.name}: {self._loaded.version}"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        """Translate texts; the tokenizer marks the source's language, the first token of the output the target's."""
        tokenizer = self._loaded.tokenizer
        tokenizer.src_lang = self._token(source).strip("_")
        token = self._token(target)
        first = tokenizer.convert_tokens_to_ids(token)
        found = generate(self._loaded, [" ".join(text.split()) for text in texts], decoding, seed, first)
        return [Translation(text.strip().removeprefix(token).strip()) for text in found]

    @cached_property
    def _loaded(self) -> Seq2Seq:
        return load_seq2seq(self._model, self._device)

    def _token(self, language: str) -> str:
        """Return the token that stands for a language: `__de__` in M2M100, `deu_Latn` in NLLB.

        Both have a `_` in them; `de` alone is an ordinary piece of a word in most vocabularies.
        """
        tokenizer, code = self._loaded.tokenizer, exact_code(language)
        for token in (f"__{code}__", FLORES.get(code, code)):
            if "_" in token and tokenizer.convert_tokens_to_ids(token) not in (None, tokenizer.unk_token_id):
                return token
        raise ModelError(f"{self._model} knows no language {language!r}; M2M100 calls German de, NLLB deu_Latn.")
