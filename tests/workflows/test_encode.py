"""A text file in, a file of vectors out."""

import resource
from pathlib import Path

import numpy as np
import pytest

from tests.noted import Noted
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError, WriteError
from textcl.workflows import encode as vectors
from textcl.workflows.encode import encode_file


def _encode(model: Path, texts: Path, out: Path, role: str = "anchor") -> tuple[int, int]:
    return encode_file(str(model), texts, out, role=role, precision="float32")


def test_row_i_is_the_vector_of_line_i(
    tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "BLOCK", 2)  # lines, so that five of them take three blocks
    lines = ["a man plays", "the old woman reads a big red book", "fish", "two dogs run", "a  cat sleeps "]
    (tmp_path / "in.txt").write_bytes("\r\n".join(lines).encode())
    assert _encode(tiny_model_folder, tmp_path / "in.txt", tmp_path / "out" / "v.npy") == (5, 16)
    found = np.load(tmp_path / "out" / "v.npy")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, open_encoder(tiny_model_folder).encode(lines), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_progress_counts_the_lines(tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BLOCK", 2)
    (tmp_path / "in.txt").write_text("a\nb\nc\n")
    noted = Noted()
    encode_file(
        str(tiny_model_folder),
        tmp_path / "in.txt",
        tmp_path / "v.npy",
        role="anchor",
        precision="float32",
        progress=noted,
    )
    assert noted.phases == [("Encoding", 3, 0)]
    assert noted.advanced == [2, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one\n\nthree\n", r"in\.txt, line 2: found an empty text; fill it, or drop the row"),
        (b"one\n \t\nthree\n", r"in\.txt, line 2: found an empty text"),
        (b"one\ntw\xff\n", r"in\.txt, line 2: not UTF-8 \(byte 0xff at column 3\)"),
        (b"", r"in\.txt: the file holds no rows"),
    ],
)
def test_a_faulty_file_is_told_before_anything_is_written(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "in.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        _encode(tmp_path / "no-model", tmp_path / "in.txt", tmp_path / "v.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.txt: no such file"):
        _encode(tmp_path / "no-model", tmp_path / "none.txt", tmp_path / "v.npy")


def test_a_byte_order_mark_is_no_part_of_the_first_text(tmp_path: Path, tiny_model_folder: Path) -> None:
    (tmp_path / "in.txt").write_bytes(b"\xef\xbb\xbffish\nfish\n")
    _encode(tiny_model_folder, tmp_path / "in.txt", tmp_path / "v.npy")
    first, second = np.load(tmp_path / "v.npy")
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_a_disk_that_takes_no_more_is_told_and_nothing_is_left(tmp_path: Path, tiny_model_folder: Path) -> None:
    (tmp_path / "in.txt").write_text("a man plays\n" * 500)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(WriteError, match=r"v\.npy cannot be written: File too large\. Name a location with room"):
            _encode(tiny_model_folder, tmp_path / "in.txt", tmp_path / "out" / "v.npy")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "out").iterdir()) == []
