"""Documents with their titles: of every kind of file, of BEIR folders, and of folders of text and Markdown files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from textcl.errors import DataError
from textcl.files.beir import UNREAD
from textcl.files.lines import decoded, reading, refuse_absence
from textcl.files.rows import TEXT, ColumnError, Row, file_rows, present, read_rows, refuse_columns

_TITLE = "title"
_IDS = ("_id", "id")
_CORPUS = "corpus.jsonl"  # of a BEIR folder
_ENDINGS = (".md", ".markdown", ".txt")  # of the files of a folder, one document each
_MOST_WORDS, _MOST_CHARACTERS = 15, 120  # of a first line that is a title
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_NAMED_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"#{1,6}[ \t]+(.+?)[ \t#]*\Z")
_ENDS_ALONE = re.compile(r"[ \t]*(?:[.:;!?–—-]|\n|\Z)")  # noqa: RUF001 (dashes)
_UNDERLINE = re.compile(r"\A(?:=+|-{3,})[ \t]*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class TitledDocument:
    """A document and its title.

    Args:
        id: As the file has it; empty: it has none.
        title: Empty: it has none.
        body: Its text without the title.
        whole: All of it; of rows with a column of titles, title and text joined by a blank.
        location: Where it stands, for messages.
    """

    id: str
    title: str
    body: str
    whole: str
    location: str


@dataclass(frozen=True, slots=True)
class TitledFile:
    """Where documents are.

    The title is the column of titles; where there is none, or it is blank in a row, the heading with which a text of
    several lines begins: `# Heading`, or a short line.

    Args:
        path: A file of any kind; a BEIR folder; or a folder of .md, .markdown and .txt files, each a document.
        text_column: Of files with columns; None: `text`.
        title_column: Of files with columns; None: `title`, where there is one.
        id_column: Of files with columns; None: `_id` or `id`, where there is one.
        option: How a column is named, for messages; its blank is `text`, `title` or `id`.
    """

    path: Path
    text_column: str | None = None
    title_column: str | None = None
    id_column: str | None = None
    option: str = "--{}-column"

    def files(self) -> list[Path]:
        """Return the files that the documents are in.

        Raises:
            DataError: There are none.
        """
        path = self.path.expanduser()
        file = present(path / _CORPUS if path.is_dir() else path)
        if path.is_dir() and not file.is_file():
            return _files(path)
        refuse_absence(file)
        return [file]

    def __iter__(self) -> Iterator[TitledDocument]:
        """Yield the documents in their order; texts may be blank.

        Raises:
            DataError: Something is missing or faulty; says where.
        """
        path, named = self.path.expanduser(), (self.text_column, self.title_column, self.id_column)
        if path.is_dir() and not present(path / _CORPUS).is_file():
            if named != (None, None, None):
                raise DataError(f"{path}: found a folder of texts, which has no columns; name none.")
            yield from (_read(file, path) for file in _files(path))
            return
        if not path.is_dir():
            refuse_columns(path, named, "the names of columns")
        for row in file_rows(path / _CORPUS, UNREAD) if path.is_dir() else read_rows(path):
            yield self._document(row)

    def _document(self, row: Row) -> TitledDocument:
        id_column = self.id_column or next((name for name in _IDS if row.fields.get(name) is not None), None)
        title_column = self.title_column or (_TITLE if _TITLE in row.fields else None)
        try:
            identity = "" if id_column is None else row.identity(id_column)
            title = "" if title_column is None else " ".join(row.words(title_column).split())
            text = row.words(self.text_column or TEXT)
        except ColumnError as error:
            kinds = {self.title_column: "title", self.id_column: "id", self.text_column or TEXT: "text"}
            option = self.option.format(kinds[error.column])
            raise DataError(f"{error} Name the right one with {option}.") from error
        return titled(identity, title, text, row.location)


def titled(identity: str, title: str, text: str, location: str) -> TitledDocument:
    """Return a document whose title is this one, or else the heading of its text.

    >>> titled("7", "", "# Lions\\n\\nLions sleep all day.", "here").body
    'Lions sleep all day.'
    """
    text = text.strip()
    if not title:
        return TitledDocument(identity, *_divided(text), text, location)
    return TitledDocument(identity, title, _without(title, text), f"{title} {text}".strip(), location)


def _divided(text: str) -> tuple[str, str]:
    """Cut a text into its heading and the rest; one that has none is all rest."""
    front = _FRONT_MATTER.match(text)
    rest = text[front.end() :].strip() if front else text
    named = _NAMED_TITLE.search(front[1]) if front else None
    if named:
        return named[1], _without(named[1], rest)
    first, _, more = rest.partition("\n")
    first, more = first.strip(), _UNDERLINE.sub("", more.lstrip()).strip()
    heading = _HEADING.match(first)
    title = heading[1] if heading else first
    is_short = len(title.split()) <= _MOST_WORDS and len(title) <= _MOST_CHARACTERS
    if more and (heading or (is_short and first[-1] not in ".,;:")):
        return title, more
    return "", rest


def _without(title: str, text: str) -> str:
    """Take a title off the beginning of its text, where it stands by itself: not the first words of a sentence."""
    begin = len(text) - len(text.lstrip("# \t\n"))
    end = begin + len(title)
    is_repeated = text[begin:end].casefold() == title.casefold()
    if is_repeated and (_ENDS_ALONE.match(text, end) or (title[-1] in ".?!" and not text[end : end + 1].isalnum())):
        return text[end:].lstrip(" \t\n.:;!?-–—=#")  # noqa: RUF001 (dashes)
    return text


def _files(folder: Path) -> list[Path]:
    files = sorted(chain.from_iterable(folder.rglob(f"*{ending}") for ending in _ENDINGS))
    files = [file for file in files if file.is_file() and not _is_hidden(file.relative_to(folder))]
    if not files:
        raise DataError(
            f"{folder}: is a folder without {_CORPUS} and without files of texts ({', '.join(_ENDINGS)}). Name a file, "
            "a BEIR folder, or a folder of documents."
        )
    return files


def _read(file: Path, folder: Path) -> TitledDocument:
    with reading(file) as opened:
        text = decoded(opened.read(), str(file)).replace("\r\n", "\n")
    return titled(file.relative_to(folder).as_posix(), "", text, str(file))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
