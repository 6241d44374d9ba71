"""What libraries raise over files that a stranger made, and over a disk: turned into errors that name the file."""

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from textcl.errors import ModelError, TextclError

AGAIN = "copy or download it again"


@contextmanager
def reading(file: Path | str) -> Iterator[None]:
    """Turn whatever a library raises over a file of a model into a ModelError that names the file.

    Libraries of several languages read these files, and their errors share no base: one panics past `Exception`.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{file} cannot be read ({reason_of(error)}); {AGAIN}.") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ModelError(f"{file} cannot be read (the library that reads it panicked); {AGAIN}.") from error


def reason_of(error: BaseException) -> str:
    """Return the first line of an error of a library, short."""
    name = type(error).__name__
    if name == "UnpicklingError":
        return "it holds other things than tensors, which textcl does not load, or is damaged"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0].rstrip(".:") if lines else name
    first = f"{name}: {first}" if isinstance(error, KeyError) else first
    return first if len(first) <= 200 else f"{first[:200]}…"


_OF_DISKS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EMFILE, errno.ENFILE,
)  # fmt: skip


def system_error(error: Exception) -> OSError | None:
    """Return the error of the system that an error is, or that a library tells in its own way; None: it is another.

    Libraries of other languages raise what they like over a disk that takes no more, with the words of the system.
    """
    if isinstance(error, TextclError):
        return None
    if isinstance(error, OSError):
        is_short = error.errno is None and " requested and " in str(error)  # numpy, of how much it could write
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if is_short else error
    code = next((code for code in _OF_DISKS if os.strerror(code) in str(error)), None)
    return None if code is None else OSError(code, os.strerror(code))


def below(folder: Path, path: str, file: Path) -> Path:
    """Return a folder or file that a model folder names, which must lie inside it.

    Args:
        folder: What the path starts from.
        path: As it is written.
        file: Where it is written, for messages.

    Raises:
        ModelError: It leads elsewhere.
    """
    parts = PurePosixPath(path.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\0" in path or ":" in path:
        raise ModelError(f"{file}: {path!r} leads out of the model folder; textcl reads nothing outside it.")
    return folder / parts


def check_shards(folder: Path) -> None:
    """Raise a ModelError where the index of a folder's weights names a file that is missing, or outside the folder."""
    for index in sorted(folder.glob("*.index.json")):
        with reading(index):
            content = json.loads(index.read_text(encoding="utf-8"))
            names = sorted({str(name) for name in content["weight_map"].values()})
        for name in names:
            if not below(folder, name, index).exists():
                raise ModelError(f"{index}: it names {name}, which is missing; {AGAIN}.")


def check_kinds(folder: Path) -> None:
    """Raise a ModelError where a model folder or one of its modules holds a pipe or a device, which may have no end."""
    with suppress(OSError):  # of what may not be looked at; whoever reads it says so
        for path in (*folder.glob("*"), *folder.glob("*/*")):
            if path.exists() and not path.is_file() and not path.is_dir():
                raise ModelError(f"{path} is no file, but a pipe or a device; {AGAIN}.")


_TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json", "*.model", "*.spm", "spm*", "tokenizer*.json", "*.bpe", "*.tiktoken",
)  # fmt: skip
_NO_TOKENIZER = ("tokenizer_config.json",)  # settings of one, without its words


def tokenizer_file(folder: Path) -> Path:
    """Return a file that holds the words of a folder's tokenizer.

    Raises:
        ModelError: There is none, and transformers would make up a tokenizer that knows no word; or its settings name
            files outside the folder.
    """
    files = [file for pattern in _TOKENIZERS for file in sorted(folder.glob(pattern)) if file.name not in _NO_TOKENIZER]
    if not files:
        raise ModelError(
            f"{folder} holds no tokenizer (tokenizer.json, vocab.txt, …), and transformers would make up one without "
            "words; save the model's tokenizer beside its weights."
        )
    _check_names(folder, folder / _NO_TOKENIZER[0])
    return files[0]


def _check_names(folder: Path, settings: Path) -> None:
    """Raise a ModelError where a tokenizer's settings name files outside its folder, which transformers would read."""
    with suppress(OSError, ValueError, RecursionError):  # whoever opens the settings says what is wrong with them
        said = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
        if not isinstance(said, dict):
            return
        names = said.get("fast_tokenizer_files")
        for name in names if isinstance(names, list) else ():
            below(folder, str(name), settings)
        for name in ("init_inputs", "vocab", "merges"):  # what a class is called with; a text is a path
            if said.get(name):
                raise ModelError(f"{settings}: {name} could name files outside the folder; take it out.")


def check_folder(name: str) -> None:
    """Check the parts of a model that a library is about to read; what is no folder here is on the Hub.

    Raises:
        ModelError: Weights or a tokenizer are missing, or lie outside the folder.
    """
    folder = Path(name)
    if folder.is_dir():
        check_kinds(folder)
        check_shards(folder)
        tokenizer_file(folder)


def check_vocabulary(rows: int, tokens: Iterable[int], name: Path | str) -> None:
    """Raise a ModelError where a tokenizer gives tokens that a model has no embedding for.

    Args:
        rows: Of the model's embeddings.
        tokens: The numbers of those that it may give.
        name: Where the model lies.
    """
    largest = max(tokens, default=-1)
    if largest >= rows:
        raise ModelError(
            f"{name}: the tokenizer knows {largest + 1:,} tokens, but the backbone has embeddings for {rows:,}: call "
            "model.resize_token_embeddings(len(tokenizer)) before you save, or copy the tokenizer that belongs to it."
        )
