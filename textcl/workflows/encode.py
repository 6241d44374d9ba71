"""A text file in, a file of vectors out: a line a text, a row a vector, in the same order."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from numpy.lib.format import write_array_header_1_0

from textcl.encoder.opening import open_encoder
from textcl.errors import DataError
from textcl.files.lines import decoded
from textcl.util.atomic import new_file, refuse_place
from textcl.util.progress import SILENT, Progress

BLOCK = 4096  # lines that are in memory at once


def encode_file(
    model: str,
    texts: Path,
    out: Path,
    *,
    role: str,
    precision: str,
    deterministic: bool = False,
    force: bool = False,
    progress: Progress = SILENT,
) -> tuple[int, int]:
    """Embed every line of a text file, and write the vectors as a `.npy` file that appears whole or not at all.

    The file is read twice, block by block, so neither texts nor vectors need to fit in memory.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        texts: UTF-8, a line a text; no line may be blank, for its row would mean nothing.
        out: Gets an array (N, D) float32, rows of unit length, row i for line i + 1.
        role: anchor, positive or negative; chooses the prompt.
        precision: float32, bf16 or auto.
        deterministic: Make a row depend on its line alone, to the last bit; slower.
        force: Replace `out` where it is there already.
        progress: Gets the progress.

    Returns:
        N and D.

    Raises:
        DataError: The file is missing, empty, not UTF-8, or has a blank line; `out` is there already, or is read.
        WriteError: The vectors cannot be written.
        ModelError: The model cannot be opened.
    """
    refuse_place(out, force=force, read=[texts])
    total = sum(1 for _ in _lines(texts))
    if total == 0:
        raise DataError(f"{texts} is empty; it must hold a text on each line.")
    encoder = open_encoder(model, precision=precision)
    shape = (total, encoder.dimension)
    lines = _lines(texts)
    progress.phase("Encoding", total)
    with new_file(out) as temporary, temporary.open("wb") as file:  # no memory map: a full disk would kill the process
        write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        while block := list(islice(lines, BLOCK)):
            vectors = encoder.encode(block, role=role, deterministic=deterministic)
            file.write(vectors.astype("<f4").tobytes())
            progress.advance(len(block))
    return shape


def _lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file without their ends."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield _text(line, f"{path}, line {number}")
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read: {error.strerror}.") from error


def _text(line: bytes, place: str) -> str:
    text = decoded(line, place).rstrip("\r\n")
    if not text.strip():
        raise DataError(f"{place} is blank, but each line is a text and gets a vector. Take the blank lines out.")
    return text
