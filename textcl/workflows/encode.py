"""A file of texts in, a file of vectors out: a row of either for a row of the other, in the same order."""

from itertools import islice
from pathlib import Path

from numpy.lib.format import write_array_header_1_0

from textcl.encoder.opening import open_encoder
from textcl.files.corpora import Corpus
from textcl.util.atomic import new_file, refuse_location
from textcl.util.progress import SILENT, Progress

BLOCK = 4096  # texts that are in memory at once


def encode_file(
    model: str,
    texts: Path,
    out: Path,
    *,
    role: str | None,
    precision: str,
    column: str | None = None,
    deterministic: bool = False,
    force: bool = False,
    progress: Progress = SILENT,
) -> tuple[int, int]:
    """Embed every text of a file, and write the vectors as a `.npy` file that appears whole or not at all.

    The file is read twice, block by block, so neither texts nor vectors need to fit in memory.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        texts: A file of any kind, or the documents of a BEIR folder; no text of a file may be blank, for its vector
            would mean nothing.
        out: Gets an array (N, D) float32, rows of unit length, in the order of the texts.
        role: anchor, positive or negative; chooses the prompt. None: the model's default prompt, or none.
        precision: float32, bf16 or auto.
        column: Of files with columns, the one that holds the texts; None: `text`.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
        force: Replace `out` where it is there already.
        progress: Gets the progress.

    Returns:
        N and D.

    Raises:
        DataError: The file is missing, empty or cannot be read, or has a blank text; `out` is there, or is read.
        WriteError: The vectors cannot be written.
        ModelError: The model cannot be opened.
    """
    refuse_location(out, force=force, read=[texts])
    corpus = Corpus(texts, column, option="--column")
    total = sum(1 for _ in corpus.documents())
    encoder = open_encoder(model, precision=precision)
    shape = (total, encoder.dimension)
    left = (document.text for document in corpus.documents())
    progress.phase("Encoding", total)
    with new_file(out) as temporary, temporary.open("wb") as file:  # no memory map: a full disk would kill the process
        write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        while block := list(islice(left, BLOCK)):
            vectors = encoder.encode(block, role=role, deterministic=deterministic)
            file.write(vectors.astype("<f4").tobytes())
            progress.advance(len(block))
        encoder.lost.report()
    return shape
