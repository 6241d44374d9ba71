"""Files of a model folder, which a stranger may have made: each is read, or refused in one line that names it."""

import base64
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from textcl.errors import ModelError
from textcl.util.foreign import AGAIN, reason_of

_POINTER = b"version https://git-lfs"
_MOST_NUMBER = 1 << 40  # of a setting that counts something; more is no model


def read_json(file: Path) -> Any:  # Any: JSON
    """Read a JSON file.

    Raises:
        ModelError: It is missing, cannot be read, or is no JSON.
    """
    try:
        content = file.read_bytes()
        if content.startswith(_POINTER):
            raise pointer(file)
        return json.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file} is missing; the model folder is incomplete: {AGAIN}.") from None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise ModelError(f"{file} is nested too deeply; {AGAIN}.") from None
    except ValueError as error:  # no UTF-8, no JSON, or a number of thousands of digits
        raise ModelError(f"{file} is no JSON ({error}); {AGAIN}.") from None


def write_json(file: Path, content: object) -> None:
    """Write a JSON file as people read it."""
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def pointer(file: Path) -> ModelError:
    """Return the error for a file of which Git has left only the pointer."""
    return ModelError(f"{file} is a pointer of Git LFS, not the file itself: run `git lfs pull` in its repository.")


class Settings:
    """A JSON object of a model folder; a value of another kind than it should have is an error that names the file.

    Args:
        file: Where it stands.
        content: What was read.

    Raises:
        ModelError: It is no object.
    """

    def __init__(self, file: Path, content: object) -> None:
        if not isinstance(content, dict):
            raise ModelError(f"{file}: found {_short(content)}, but there must be an object, {{…}}; {AGAIN}.")
        self.file = file
        self.content: Mapping[str, Any] = content

    @classmethod
    def read(cls, file: Path) -> "Settings":
        """Read a file that must be there."""
        return cls(file, read_json(file))

    @classmethod
    def read_if_there(cls, file: Path) -> "Settings":
        """Read a file, or have no settings at all."""
        return cls.read(file) if file.exists() else cls(file, {})

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a text; null is the default."""
        value = self.content.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, "a text")
        return default if value is None else value

    def count(self, name: str) -> int | None:
        """Return a whole number of at least 1, None where there is none."""
        value = self.content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_NUMBER:
            raise self.wrong(name, "a whole number of at least 1")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return true or false; null is the default."""
        value = self.content.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return default if value is None else value

    def texts(self, name: str) -> dict[str, str]:
        """Return an object of texts without those that are null."""
        value = self.content.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(text is None or isinstance(text, str) for text in value.values()):
            raise self.wrong(name, "an object of texts")
        return {key: text for key, text in value.items() if text is not None}

    def wrong(self, name: str, wanted: str) -> ModelError:
        """Return the error for a value of the wrong kind."""
        return ModelError(f"{self.file}: {name} is {_short(self.content.get(name))}; it must be {wanted}.")


_INPUT = "sentence_embedding"


def check_ends(config: Settings, kind: str) -> None:
    """Raise a ModelError where a module reads or writes something else than the vectors of texts."""
    taken = config.text("module_input_name", _INPUT)
    if {taken, config.text("module_output_name", taken)} != {_INPUT}:
        raise ModelError(
            f"{config.file}: {kind} works on {taken}; textcl opens {kind} on the {_INPUT}, behind the pooling, alone. "
            "Encode with what made the model, or name another model."
        )


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"


CONFIG, _ADAPTER = "config.json", "adapter_config.json"
_MOST_LAYERS = 2048
_COUNTS = {  # of which transformers makes as many things as they say
    **dict.fromkeys(("num_hidden_layers", "n_layers", "num_layers"), _MOST_LAYERS),
    "num_labels": 1_000_000,
}


def read_backbone(folder: Path) -> Settings:
    """Read what a folder says of its backbone, before transformers does.

    Raises:
        ModelError: It is missing or damaged, or transformers would add an adapter, run code of the Hub, or fill the
            memory.
    """
    file, adapter = folder / CONFIG, folder / _ADAPTER
    if adapter.exists():
        raise ModelError(
            f"{adapter}: the folder holds an adapter {'beside its model' if file.exists() else 'alone'}. Name the "
            "model that it is merged into (merge_and_unload of peft), or move it into a folder of its own."
        )
    if not file.exists():
        raise ModelError(f"{folder} holds no config.json and no model/, so it is neither a model nor a finished run.")
    said = Settings.read(file)
    if "/" in str(attention := said.content.get("attn_implementation")):
        raise ModelError(
            f"{file}: attn_implementation is {_short(attention)}, code of the Hub, which textcl does not run; take it "
            "out."
        )
    for name, most in _COUNTS.items():
        if not _is_count(said.content.get(name, 1), most):
            raise said.wrong(name, f"a whole number from 1 to {most}")
    return said


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


_MOST_GROWTH = 10_000  # times as long as before


def check_growth(file: Path, normalizer: Mapping[str, Any]) -> None:
    """Raise a ModelError where a tokenizer's normalizer would make of a text one that fills the memory.

    Args:
        file: Where the tokenizer stands.
        normalizer: As the tokenizer writes it: JSON.
    """
    growth = math.prod(map(_growth, _steps_of(normalizer)))
    if growth > _MOST_GROWTH:
        raise ModelError(f"{file}: its normalizer makes texts {growth:,} times as long; textcl opens no such model.")


def _steps_of(normalizer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps of a normalizer, those of steps included."""
    inner = normalizer.get("normalizers") or ()
    yield normalizer
    for step in inner:
        yield from _steps_of(step)


def _growth(step: Mapping[str, Any]) -> int:
    """Return how many characters a step makes of one, at most."""
    if step.get("type") == "Replace":
        replaced = step["pattern"].get("String") or " "
        return max(1, len(step["content"]) // len(replaced))
    if step.get("type") == "Precompiled":  # SentencePiece's: a table of its own, then what characters become
        table = base64.b64decode(step["precompiled_charsmap"])
        words = table[4 + int.from_bytes(table[:4], "little") :]
        return max(1, *(len(word.decode("utf-8", "replace")) for word in words.split(b"\0")))
    return 1


def check_weights(file: Path, what: str = "the weights") -> None:
    """Raise a ModelError where a file of weights is a pointer of Git LFS, cut off, or no such file."""
    try:
        with file.open("rb") as stream:
            start = stream.read(len(_POINTER))
        if start == _POINTER:
            raise pointer(file)
        if file.suffix == ".safetensors":
            with safe_open(file, framework="pt"):
                pass
    except PermissionError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}.") from error
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{file} is damaged or cut off ({reason_of(error)}); {AGAIN}.") from error
