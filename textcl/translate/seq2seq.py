"""Sequence-to-sequence models of transformers: loaded with what decides their output, and made to generate."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from textcl.errors import ModelError
from textcl.translate.engine import BEST, FLORES, Decoding, Translation, exact_code
from textcl.util.foreign import check_folder
from textcl.util.packing import plan
from textcl.util.precision import best_device
from textcl.util.quiet import without_bars
from textcl.util.seeds import seeded

_BATCH_TOKENS = 4096  # padded tokens of the sources that are translated together
_MORE_TOKENS = 10  # of a translation, beyond twice those of its source
_USUAL_POSITIONS = 512  # tokens, where neither the model nor its tokenizer says how many it reads
_DECIDES = {".json", ".model", ".spm", ".bpe", ".txt", ".safetensors", ".bin"}  # files of a model's folder


@dataclass(frozen=True)
class Seq2Seq:
    """A model, its tokenizer, and what names both exactly.

    The first two are `Any`: the classes of transformers that `Auto…` returns share no type with `generate`.
    """

    model: Any
    tokenizer: Any
    version: str
    most_tokens: int  # of a source, and of a translation with its start; what is longer is cut


def load_seq2seq(name: str, device: torch.device) -> Seq2Seq:
    """Load a model from a folder, or from the Hub, where `@revision` may follow its id.

    Raises:
        ModelError: There is no such model, it is no sequence-to-sequence model, or a package is missing that it needs.
    """
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    location, _, revision = (name, "", "") if Path(name).is_dir() else name.partition("@")
    try:
        with without_bars():
            check_folder(location)
            tokenizer = AutoTokenizer.from_pretrained(location, revision=revision or None, trust_remote_code=False)
            model = (
                AutoModelForSeq2SeqLM.from_pretrained(location, revision=revision or None, trust_remote_code=False)
                .to(device)
                .eval()
            )
    except Exception as error:  # libraries of several languages read the files, and their errors share no base
        raise ModelError(_advice(name, error)) from error
    model.generation_config.max_length = None  # each batch has a bound of its own
    limits = (tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", _USUAL_POSITIONS))
    return Seq2Seq(model, tokenizer, _version(location, model.config), min(*limits, 1 << 20))


def generate(
    loaded: Seq2Seq,
    texts: Sequence[str],
    decoding: Decoding,
    seed: int,
    first_token: int | None = None,
    most_tokens: int | None = None,
) -> list[str]:
    """Translate texts, those of like length together, none to more than twice its length.

    Args:
        loaded: The model.
        texts: N sources, as the tokenizer wants them.
        decoding: How words are chosen.
        seed: Of the words that are drawn.
        first_token: What the translation begins with, where that says the language.
        most_tokens: Of what is made; None: twice those of the longest source, and some more.

    Returns:
        N translations.
    """
    cut = loaded.tokenizer(list(texts), truncation=True, max_length=loaded.most_tokens)["input_ids"]
    lengths = np.array([len(ids) for ids in cut], dtype=np.int64)
    found = [""] * len(texts)
    with seeded(seed), torch.inference_mode():
        for rows in plan(lengths, _BATCH_TOKENS):
            padded = loaded.tokenizer.pad({"input_ids": [cut[row] for row in rows]}, return_tensors="pt")
            most = min(most_tokens or 2 * int(lengths[rows].max()) + _MORE_TOKENS, loaded.most_tokens - 1)
            made = loaded.model.generate(
                input_ids=padded["input_ids"].to(loaded.model.device),
                attention_mask=padded["attention_mask"].to(loaded.model.device),
                max_new_tokens=most, forced_bos_token_id=first_token, **_settings(decoding),
            )  # fmt: skip
            for row, text in zip(rows, loaded.tokenizer.batch_decode(made, skip_special_tokens=True), strict=True):
                found[row] = text
    return found


def digest_of_folder(folder: Path) -> str:
    """Digest the files of a model's folder that decide what it gives."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(folder.iterdir()):
        if file.suffix in _DECIDES:
            digest.update(file.name.encode())
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "blake2b").digest())
    return digest.hexdigest()


def _settings(decoding: Decoding) -> dict[str, Any]:
    if decoding.temperature is None:
        return {"num_beams": decoding.beams, "do_sample": False}
    drawn = {"temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": 0}
    return {"num_beams": 1, "do_sample": True, **drawn}


def _version(location: str, config: Any) -> str:
    """Name the weights: by the commit of the Hub, or by a digest of the folder."""
    import transformers

    commit = getattr(config, "_commit_hash", None)
    exact = digest_of_folder(Path(location)) if Path(location).is_dir() else f"{location}@{commit}"
    return f"transformers {transformers.__version__}, {exact}"


def _advice(name: str, error: Exception) -> str:
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "sentencepiece" in str(error).lower():
        return f"{name}: its tokenizer needs the package sentencepiece. pip install sentencepiece"
    return f"{name} cannot be opened as a sequence-to-sequence model: {said}"


def name_of(pattern: str, source: str, target: str) -> str:
    """Fill a pattern such as `opus-mt-{source}-{target}` in.

    Raises:
        ModelError: The languages do not stand in it: there and back would be one model.
    """
    if "{source}" not in pattern or "{target}" not in pattern:
        raise ModelError(
            f"{pattern} names one model, but there and back are two. Write the languages as {{source}} and {{target}}: "
            "Helsinki-NLP/opus-mt-{source}-{target}, or folders of such names."
        )
    return pattern.replace("{source}", source).replace("{target}", target)


def sources_of(texts: Sequence[str], target: str, tokenizer: Any) -> list[str]:
    """Return texts on one line each; a model of several target languages reads before each which one is meant.

    The tokenizer is `Any`, as transformers' tokenizers share no type.
    """
    character = f">>{target}<<"
    prefix = f"{character} " if character in tokenizer.get_vocab() else ""
    return [prefix + " ".join(text.split()) for text in texts]


HELSINKI = "Helsinki-NLP/opus-mt-{source}-{target}"


class Marian:
    """Translates with a model for each direction.

    Args:
        model: Hub id or folder, with `{source}` and `{target}` where it names the languages.
        device: Where the models work; None: a GPU if there is one (CUDA or MPS), else the CPU.
    """

    name = "marian"
    batch = 256
    by_rules = False

    def __init__(self, model: str = HELSINKI, device: str | None = None) -> None:
        self._model = model
        self._device = torch.device(device or best_device())
        self._loaded = cache(lambda name: load_seq2seq(name, self._device))

    def version(self, source: str, target: str) -> str:
        """Return the version of transformers and what names the weights."""
        return f"marian: {self._loaded(name_of(self._model, source, target)).version}"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        """Translate texts; a model of several target languages is told which."""
        loaded = self._loaded(name_of(self._model, source, target))
        found = generate(loaded, sources_of(texts, target, loaded.tokenizer), decoding, seed)
        return [Translation(text) for text in found]


class ManyToMany:
    """Translates with one model between all languages that it knows.

    Args:
        name: m2m100 or nllb, for messages and for the cache.
        model: Hub id or folder.
        device: Where the model works; None: a GPU if there is one (CUDA or MPS), else the CPU.
    """

    batch = 256
    by_rules = False

    def __init__(self, name: str, model: str, device: str | None = None) -> None:
        self.name = name
        self._model = model
        self._device = torch.device(device or best_device())

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


_QUESTION_TOKENS = 64  # of a question, at most


class QuestionModel:
    """Writes questions that a text answers, with a model that was trained for it, such as doc2query's of T5.

    Args:
        model: Hub id or folder.
        device: Where the model works; None: a GPU if there is one (CUDA or MPS), else the CPU.
    """

    name = "seq2seq"
    batch = 64
    by_rules = False

    def __init__(self, model: str, device: str | None = None) -> None:
        self._model = model
        self._device = torch.device(device or best_device())

    def version(self, source: str, target: str) -> str:
        """Return the version of transformers, what names the weights, and the length of a question."""
        return f"{target} of {_QUESTION_TOKENS} tokens: {self._loaded.version}"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        """Write a question for each text, of which the model reads as much as it can."""
        lines = [" ".join(text.split()) for text in texts]
        return [Translation(text) for text in generate(self._loaded, lines, decoding, seed, None, _QUESTION_TOKENS)]

    @cached_property
    def _loaded(self) -> Seq2Seq:
        return load_seq2seq(self._model, self._device)
