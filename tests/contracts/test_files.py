"""What every verb that takes a file owes: the same rows of every kind, and one wording for each error."""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from tests.cli.running import run
from tests.tiny import tiny_encoder
from textcl.augment.back_translated import BackTranslated
from textcl.cleaning.cleaner import Cleaning, clean
from textcl.cleaning.rules import Rules
from textcl.data.sources.arrow import Arrow
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV, TSV
from textcl.data.sources.text_files import TextLines
from textcl.encoder.encoder import Encoder
from textcl.encoder.lost_texts import LostTexts
from textcl.errors import DataError
from textcl.evaluation.suites import load_tasks
from textcl.files.corpora import Corpus, PairFile, PlainTexts
from textcl.files.formats import FileKind, has_columns, kind_of
from textcl.files.rows import file_rows, read_rows
from textcl.types.text import Source
from textcl.workflows import encode
from textcl.workflows.init import begin
from textcl.workflows.leaks import rows_of_file
from textcl.workflows.titled_documents import TitledFile

TEXTS = (
    "A man plays the guitar, and sings.",
    "Two dogs run by the river.",
    "The old woman reads a red book.",
    "What is the value of a matrix?",
    "Three small birds sit on a green tree.",
    "A young child sees the big city.",
    "The people of the city make good bread.",
    "Compute the vector of one word, é included.",
)
COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "": lambda raw: raw,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda raw: bytes(pa.compress(raw, codec="zstd", asbytes=True)),
}
Rows = Sequence[Mapping[str, object]]


def rows_of(texts: Sequence[object], column: str = "text") -> Rows:
    return [{column: text, "positive": f"{text} Again.", "label": row % 2} for row, text in enumerate(texts)]


def json_lines(rows: Rows) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


def table(rows: Rows, ending: str) -> bytes:
    if ending == ".tsv":
        return "".join(
            "\t".join(map(str, line)) + "\n" for line in [list(rows[0]), *(r.values() for r in rows)]
        ).encode()
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def write(file: Path, rows: Rows) -> Path:
    """Write rows as the file's endings say; a text file holds the column `text` alone."""
    ending, packed = ("".join(file.suffixes[:1]), "".join(file.suffixes[1:]))
    columns = pa.Table.from_pylist(list(rows))
    if ending == ".parquet":
        pq.write_table(columns, file)
    elif ending == ".feather":
        feather.write_feather(columns, str(file))
    elif ending == ".arrow":
        with pa.ipc.new_stream(str(file), columns.schema) as writer:
            writer.write_table(columns)
    else:
        plain = "".join(f"{row['text']}\n" for row in rows).encode() if ending == ".txt" else b""
        raw = plain or (json_lines(rows) if ending == ".jsonl" else table(rows, ending))
        file.write_bytes(COMPRESSED[packed](raw))
    return file


SOURCES: dict[FileKind, type] = {
    FileKind.TEXT: TextLines,
    FileKind.JSON: JsonLines,
    FileKind.CSV: CSV,
    FileKind.TSV: TSV,
    FileKind.PARQUET: Parquet,
    FileKind.ARROW: Arrow,
}


def by_init(file: Path, folder: Path) -> list[str]:
    """Look at a file; what training would refuse is an error here, too."""
    done = begin(file, folder / "recipe.yaml", "a-model", force=True)
    if done.trial.refused:
        raise DataError(done.trial.first)
    return by_train(file, folder)


def by_train(file: Path, folder: Path) -> list[str]:
    settings = {"anchor": "text", "positive": None} if has_columns(file) else {}
    source: Source = SOURCES[kind_of(file)](str(file), **settings)
    return [source[row].anchor for row in range(len(source))]


def by_clean(file: Path, folder: Path) -> list[str]:
    """Clean a file; the reason why a row is dropped is an error here."""
    is_columnar = kind_of(file) in (FileKind.PARQUET, FileKind.ARROW)
    out = folder / ("kept.jsonl" if is_columnar else f"kept{''.join(file.suffixes)}")
    columns = ["text"] if has_columns(file) else []
    clean(file, out, folder / "dropped.jsonl", Cleaning(Rules(), columns=columns), force=True)
    if (folder / "dropped.jsonl").stat().st_size:
        dropped = next(file_rows(folder / "dropped.jsonl")).fields
        raise DataError(f"{file}, line {dropped['line']}: {dropped['detail']}")
    return [str(row.fields["text"]) for row in read_rows(out)]


def by_leaks(file: Path, folder: Path) -> list[str]:
    return [row.texts[0] for row in rows_of_file(file, ["text"] if has_columns(file) else [])]


def by_mine(file: Path, folder: Path) -> list[str]:
    return [pair.anchor for pair in PairFile(file, "text").pairs()]


def by_mine_corpus(file: Path, folder: Path) -> list[str]:
    return list(PairFile(folder).corpus(file))


def by_evaluate(file: Path, folder: Path) -> list[str]:
    (task,) = load_tasks([f"clustering:{file}"], None)
    return [row.text for row in getattr(task, "rows")]  # noqa: B009 (a Task has no rows, this one has)


def by_index(file: Path, folder: Path) -> list[str]:
    """Read as index, bench and search --queries do."""
    return [document.text for document in Corpus(file, option="--text-column").documents()]


def by_encode(file: Path, folder: Path) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        seen: list[str] = []
        patch.setattr(encode, "open_encoder", lambda *given, **settings: Seeing(seen))
        encode.encode_file("a-model", file, folder / "v.npy", role="anchor", precision="float32", force=True)
    return seen


class Seeing:
    """An encoder that notes its texts."""

    dimension = 16
    encoder: Encoder | None = None

    def __init__(self, seen: list[str]) -> None:
        self.seen, self.lost = seen, LostTexts()

    def encode(self, texts: list[str], **settings: object) -> object:
        Seeing.encoder = Seeing.encoder or tiny_encoder()
        self.seen += texts
        return Seeing.encoder.encode(texts)


def by_back_translate(file: Path, folder: Path) -> list[str]:
    return list(PlainTexts(file))


def by_questions(file: Path, folder: Path) -> list[str]:
    return [document.whole for document in TitledFile(file)]


Verb = Callable[[Path, Path], list[str]]
VERBS: dict[str, Verb] = {
    "init": by_init, "train": by_train, "clean": by_clean, "leaks": by_leaks, "mine": by_mine,
    "mine --corpus": by_mine_corpus, "evaluate": by_evaluate, "index": by_index, "encode": by_encode,
    "augment back-translate": by_back_translate, "augment questions": by_questions,
}  # fmt: skip
NEED_COLUMNS = ("mine", "evaluate")
TEXT_KINDS = [f".txt{packed}" for packed in COMPRESSED]
COLUMN_KINDS = [
    *(f".jsonl{packed}" for packed in COMPRESSED), ".csv", ".csv.gz", ".csv.xz", ".tsv", ".tsv.bz2", ".tsv.zst",
    ".parquet", ".arrow", ".feather",
]  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_reads_the_same_rows_of_every_kind(name: str, tmp_path: Path) -> None:
    for ending in COLUMN_KINDS if name in NEED_COLUMNS else [*TEXT_KINDS, *COLUMN_KINDS]:
        file = write(tmp_path / f"rows{ending}", rows_of(TEXTS))
        assert VERBS[name](file, tmp_path) == list(TEXTS), ending


def written(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def folder_named(folder: Path) -> Path:
    (folder / "rows.jsonl").mkdir()
    (folder / "rows.jsonl" / "a.txt").write_text("text\n")
    return folder / "rows.jsonl"


def parquet_named(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write(folder / "rows.parquet", rows_of(TEXTS)).rename(folder / name)
        return folder / name

    return make


def workbook(folder: Path, name: str = "rows.xlsx") -> Path:
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return folder / name


GOOD = json_lines(rows_of(TEXTS))
FIRST = GOOD.partition(b"\n")[0] + b"\n"
RENAME = "Give its name the ending of what it holds: .txt, .jsonl, .csv or .tsv."
NO_ROWS = "the file holds no rows. Fill it, or name another file."
JQ = "Write one object a line: jq -c"
# What is wrong with a file -> how it is made, and what is said behind its path.
ERRORS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "rows.jsonl", ": no such file in "),
    "a folder": (folder_named, ": is a folder"),
    "empty": (written("rows.jsonl", b""), f": {NO_ROWS}"),
    "empty, compressed": (written("rows.jsonl.gz", gzip.compress(b"")), f": {NO_ROWS}"),
    "an empty table": (written("rows.csv", b"text,positive,label\n"), f": {NO_ROWS}"),
    "an empty Parquet file": (written("rows.parquet", b""), f": {NO_ROWS}"),
    "UTF-16": (
        written("rows.jsonl", GOOD.decode().encode("utf-16")),
        ", line 1: not UTF-8 (byte 0xff at column 1). It looks like UTF-16: convert the file, for example: iconv -f "
        "utf-16 -t utf-8",
    ),
    "UTF-16 without a mark": (
        written("rows.jsonl", GOOD.decode().encode("utf-16-le")),
        ", line 1: not UTF-8 (byte 0x00 at column 2). It looks like UTF-16: convert the file, for example: iconv -f "
        "utf-16le -t utf-8",
    ),
    "Latin-1": (
        written("rows.csv", b"text,positive,label\nCaf\xe9 au lait,a,b\n"),
        ", line 2: not UTF-8 (byte 0xe9 at column 4). It looks like Latin-1: convert the file, for example: iconv -f "
        "latin1 -t utf-8",
    ),
    "Windows-1252": (
        written("rows.tsv", b"text\tpositive\tlabel\n\x93Quoted\x94\ta\tb\n"),
        ", line 2: not UTF-8 (byte 0x93 at column 1). It looks like Windows-1252: ",
    ),
    "binary": (written("rows.jsonl", b"\x01\x00\x02\x00\x00\x00\x07abc\n"), ": found binary data, not text"),
    "cut gzip": (written("rows.jsonl.gz", gzip.compress(GOOD)[:-12]), ": not a whole gzip file"),
    "cut bzip2": (written("rows.jsonl.bz2", bz2.compress(GOOD)[:-12]), ": not a whole bzip2 file"),
    "cut xz": (written("rows.jsonl.xz", lzma.compress(GOOD)[:-12]), ": not a whole xz file"),
    "cut zstandard": (
        written("rows.jsonl.zst", COMPRESSED[".zst"](GOOD)[:-12]), ": not a whole zstandard file"
    ),
    "a cut line": (written("rows.jsonl", FIRST + b'{"text": "A man'), ", line 2: not JSON (Unterminated string"),
    "an array": (
        written("rows.jsonl", b"[\n" + FIRST.rstrip() + b"\n]\n"),
        f", line 1: starts an array, not an object. {JQ} '.[]' OLD > NEW.jsonl",
    ),
    "an array of one line": (
        written("rows.json", b"[" + FIRST.strip() + b"]\n"),
        f", line 1: starts an array, not an object. {JQ} '.[]' OLD > NEW.jsonl",
    ),
    "a column twice": (
        written("rows.jsonl", FIRST + b'{"text": "one text", "positive": "a", "label": "b", "text": "another"}\n'),
        ", line 2: column 'text' is there twice; keep one of them.",
    ),
    "two columns of one name": (
        written("rows.csv", b"text,text,positive,label\na,b,c,d\n"),
        ", line 1: there are 2 columns 'text'; rename or drop all but one.",
    ),
    "a row of other width": (
        written("rows.csv", b"text,positive,label\nOne text of words.,b,c\nTwo,b,c,d\n"),
        ", line 3: found 4 fields between ',', but line 1 names 3 columns: text, positive, label. Quote fields",
    ),
    "a column is missing": (
        lambda folder: write(folder / "rows.jsonl", rows_of(TEXTS, "txt")),
        ": no column 'text'; there are txt, positive, label. Did you mean 'txt'?",
    ),
    "a column of Parquet is missing": (
        lambda folder: write(folder / "rows.parquet", rows_of(TEXTS, "txt")),
        ": no column 'text'; there are txt, positive, label. Did you mean 'txt'?",
    ),
    "a blank text": (
        lambda folder: write(folder / "rows.jsonl", rows_of([*TEXTS[:2], " ", *TEXTS[3:]])),
        ", line 3, column 'text': found an empty text; fill it, or drop the row.",
    ),
    "Parquet under another ending": (
        parquet_named("rows.csv"),
        ": found a Parquet file under the ending '.csv'. Rename it so that it ends in .parquet.",
    ),
    "text under the ending of Parquet": (
        written("rows.parquet", GOOD), f": found text under the ending '.parquet'. {RENAME}"
    ),
    "text under the ending of Arrow": (
        written("rows.arrow", GOOD), f": found text under the ending '.arrow'. {RENAME}"
    ),
    "text under the ending of gzip": (
        written("rows.jsonl.gz", GOOD), f": found text under the ending '.gz'. {RENAME}"
    ),
    "gzip under another ending": (
        written("rows.jsonl", gzip.compress(GOOD)),
        ": found bytes compressed by gzip under the ending '.jsonl'. Add .gz to its name.",
    ),
    "a cut Parquet file": (written("rows.parquet", b"PAR1 and no more"), ": cannot be read ("),
    "a compressed Parquet file": (
        written("rows.parquet.gz", gzip.compress(b"PAR1")), ": Parquet files are compressed inside. Unpack it"
    ),
    "a spreadsheet": (workbook, ": found a spreadsheet. Save it as CSV UTF-8, and name that file."),
    "a spreadsheet called .csv": (
        lambda folder: workbook(folder, "rows.csv"),
        ": found a spreadsheet under the ending '.csv'. Save it as CSV UTF-8, and name that file.",
    ),
}  # fmt: skip
# Verbs that take what is an error elsewhere, or name columns otherwise.
TAKEN = {
    ("leaks", "a blank text"),  # has no copy
    ("augment back-translate", "a blank text"),  # is passed over
    ("augment questions", "a blank text"),  # is counted, and left out
    ("augment questions", "a folder"),  # of documents
    ("clean", "a blank text"),  # is dropped, for a reason of its own
    ("init", "a column is missing"),  # guesses
    ("init", "a column of Parquet is missing"),
    ("init", "a folder"),  # of text files
}


@pytest.mark.parametrize("error", ERRORS)
def test_every_verb_says_the_same_of_an_error(error: str, tmp_path: Path) -> None:
    make, said = ERRORS[error]
    file = make(tmp_path)
    for name, read in VERBS.items():
        if (name, error) not in TAKEN:
            with pytest.raises(DataError) as raised:
                read(file, tmp_path)
            message = str(raised.value)
            location = re.escape(str(file)) + ("(, (line|row) 1)?" if "is missing" in error else "")
            assert re.match(location + re.escape(said), message), f"{name}: {message}"
            assert "\n" not in message


TEXT_ERRORS = {
    "empty": (b"", f": {NO_ROWS}"),
    "JSON": (FIRST, ", line 1: found a JSON object in a text file. Rename the file so that it ends in .jsonl."),
    "Latin-1": (b"one text of words\nCaf\xe9 au lait\n", ", line 2: not UTF-8 (byte 0xe9 at column 4). It looks like"),
    "Parquet": (b"PAR1\0", ": found a Parquet file under the ending '.txt'. Rename it so that it ends in .parquet."),
}


@pytest.mark.parametrize("error", TEXT_ERRORS)
def test_every_verb_that_reads_text_says_the_same_of_an_error(error: str, tmp_path: Path) -> None:
    content, said = TEXT_ERRORS[error]
    file = written("rows.txt", content)(tmp_path)
    for name in VERBS.keys() - set(NEED_COLUMNS):
        with pytest.raises(DataError, match=re.escape(f"{file}{said}")):
            VERBS[name](file, tmp_path)


@pytest.mark.parametrize("name", NEED_COLUMNS)
def test_verbs_that_need_columns_say_so_of_a_text_file(name: str, tmp_path: Path) -> None:
    file = written("rows.txt", b"one\n")(tmp_path)
    with pytest.raises(
        DataError, match=r"rows\.txt: found a text file, which has no columns\. Name one that has: JSONL"
    ):
        VERBS[name](file, tmp_path)


def test_what_back_translation_kept_is_read_as_any_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl: found bytes compressed by gzip under the ending"):
        BackTranslated(str(written("rows.jsonl", gzip.compress(GOOD))(tmp_path)))


@pytest.mark.parametrize("verb", ["init", "clean", "leaks", "mine", "encode", "index", "evaluate"])
def test_the_command_line_says_it_in_one_line(
    verb: str, tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, model, out = workbook(tmp_path), str(tiny_model_folder), str(tmp_path / "out.jsonl")
    given = {
        "init": [file, "--out", out],
        "clean": [file, "--out", out],
        "leaks": [file, "sts-smoke"],
        "mine": [file, "--model", model, "--out", out],
        "encode": [model, file, "--out", out],
        "index": [model, file, "--out", str(tmp_path / "index")],
        "evaluate": [model, f"sts:{file}"],
    }
    finished = run(capsys, verb, *given[verb])
    assert finished.code == 1
    assert "rows.xlsx: found a spreadsheet. Save it as CSV UTF-8, and name that file." in " ".join(finished.err.split())
    assert "Traceback" not in finished.err


def test_encode_and_search_name_the_column_of_texts(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, model = write(tmp_path / "rows.parquet", rows_of(TEXTS, "body")), str(tiny_model_folder)
    assert run(capsys, "encode", model, file, "--out", tmp_path / "v.npy", "--column", "body").code == 0
    assert np.load(tmp_path / "v.npy").shape == (len(TEXTS), 16)
    index = tmp_path / "index"
    assert run(capsys, "index", model, file, "--out", index, "--text-column", "body").code == 0
    found = run(capsys, "search", index, "--queries", file, "--text-column", "body", "--json", "-k", 1)
    assert [json.loads(line)["query"] for line in found.out.splitlines()] == list(TEXTS)
    refused = run(capsys, "encode", model, file, "--out", tmp_path / "w.npy")
    assert "no column 'text'; there are body, positive, label. Name the right one with --column." in refused.err
