"""MarianMT through CTranslate2, whose int8 weights are several times faster on a CPU than transformers'."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from textcl.errors import ModelError
from textcl.translate.engine import BEST, Decoding, Translation
from textcl.translate.seq2seq import digest_of_folder, name_of, sources_of
from textcl.util.foreign import tokenizer_file
from textcl.util.seeds import derive

_BATCH_TOKENS = 2048
_MOST_SOURCE_TOKENS = 512
_MORE_TOKENS = 10  # of a translation, beyond twice those of the longest source of its batch
_CONVERT = (
    "ct2-transformers-converter --model Helsinki-NLP/opus-mt-en-de --output_dir opus-mt-en-de --quantization int8 "
    "--copy_files source.spm target.spm vocab.json tokenizer_config.json"
)


@dataclass(frozen=True)
class _Converted:
    """A converted model; CTranslate2 is optional and has no types here, and transformers' tokenizers share none."""

    translator: Any
    tokenizer: Any
    version: str


class CTranslate2:
    """Translates with a converted MarianMT model for each direction.

    Args:
        model: A folder that CTranslate2's converter wrote, with the tokenizer's files beside; `{source}` and `{target}`
            where it names the languages.
        device: cpu, cuda or auto.
        threads: Of one translation; 0: as CTranslate2 likes.
    """

    name = "ctranslate2"
    batch = 256
    by_rules = False

    def __init__(self, model: str, device: str | None = None, threads: int = 0) -> None:
        self._model = model
        self._loaded = cache(lambda name: _load(name, device or "auto", threads))

    def version(self, source: str, target: str) -> str:
        """Return the version of CTranslate2 and a digest of the model's folder."""
        return self._loaded(name_of(self._model, source, target)).version

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        """Translate texts, those of like length together; a model of several target languages is told which."""
        loaded = self._loaded(name_of(self._model, source, target))
        sources = [_pieces(loaded.tokenizer, text) for text in sources_of(texts, target, loaded.tokenizer)]
        order = sorted(range(len(sources)), key=lambda row: len(sources[row]))
        found = [Translation("")] * len(texts)
        for rows in _batches(order, sources):
            for row, text in zip(rows, _generated(loaded, [sources[row] for row in rows], decoding, seed), strict=True):
                found[row] = Translation(text)
        return found


def _generated(loaded: _Converted, sources: list[list[str]], decoding: Decoding, seed: int) -> list[str]:
    drawn = decoding.temperature is not None
    settings: dict[str, Any] = {"beam_size": decoding.beams}
    if drawn:
        settings |= {"sampling_topk": 0, "sampling_topp": decoding.top_p, "sampling_temperature": decoding.temperature}
        import_module("ctranslate2").set_random_seed(derive(seed, *map(" ".join, sources)) & 0xFFFFFFFF)
    most = 2 * max(map(len, sources)) + _MORE_TOKENS
    results = loaded.translator.translate_batch(sources, max_decoding_length=most, **settings)
    ids = [loaded.tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in results]
    return [str(loaded.tokenizer.decode(tokens, skip_special_tokens=True)) for tokens in ids]


def _batches(order: list[int], sources: Sequence[Sequence[str]]) -> list[list[int]]:
    """Cut rows that ascend in length into batches of a bounded number of padded tokens."""
    batches: list[list[int]] = []
    for row in order:
        if not batches or (len(batches[-1]) + 1) * len(sources[row]) > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    return batches


def _pieces(tokenizer: Any, text: str) -> list[str]:
    """Cut a text into pieces, the end of the sentence among them: without it some models never stop."""
    ids = tokenizer.encode(text, truncation=True, max_length=_MOST_SOURCE_TOKENS)
    return list(tokenizer.convert_ids_to_tokens(ids))


def _load(name: str, device: str, threads: int) -> _Converted:
    try:
        ctranslate2 = import_module("ctranslate2")
    except ImportError as error:
        raise ModelError("The engine ctranslate2 needs the package of this name. pip install ctranslate2") from error
    from transformers import AutoTokenizer

    folder = Path(name).expanduser()
    if not (folder / "model.bin").is_file():
        raise ModelError(f"{folder} holds no model.bin: it must be a folder that this writes: {_CONVERT}")
    tokenizer_file(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        translator = ctranslate2.Translator(str(folder), device=device, intra_threads=threads)
    except Exception as error:  # libraries of several languages read the files, and their errors share no base
        raise ModelError(
            f"{folder} cannot be opened by CTranslate2: {error}. It must be as this writes it: {_CONVERT}"
        ) from error
    return _Converted(translator, tokenizer, f"ctranslate2 {ctranslate2.__version__}, {digest_of_folder(folder)}")
