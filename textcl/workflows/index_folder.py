"""The folder of an index: what lies where, what was asked for, and whether it is finished."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

from textcl.errors import SearchError
from textcl.util.atomic import is_part, new_file
from textcl.util.foreign import check_kinds

Made = TypeVar("Made")

FORMAT = 1
_NAMES = {"index.json", "asked.json", "documents.sqlite", "passages.npy", "index", "vectors"}


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What decides the vectors of an index."""

    model: str  # as it was named
    fingerprint: str
    prompts: dict[str, str]  # role → prompt
    precision: str
    corpus: str  # digest of ids and texts
    passages: str = ""  # how documents are cut; empty: a vector each


@dataclass(frozen=True, slots=True)
class About:
    """`index.json`: what an index is made of. It is written last, so where it is, the index is finished."""

    request: IndexRequest
    factory: str
    train_rows: int  # vectors that the index learned from
    dimension: int
    count: int
    empty: int  # documents without text
    packages: dict[str, str]
    passages: int = 0  # vectors, where documents are cut
    model_files: str = ""  # `files_stamp` of the model that the index was made with; empty: not known
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """Where the parts of an index lie."""

    path: Path

    @property
    def documents(self) -> Path:
        """Ids and texts."""
        return self.path / "documents.sqlite"

    @property
    def passages(self) -> Path:
        """Which part of which document each vector stands for, where documents are cut."""
        return self.path / "passages.npy"

    @property
    def index(self) -> Path:
        """The folder of the index itself."""
        return self.path / "index"

    @property
    def shards(self) -> Path:
        """Vectors on their way into the index; gone when it is finished."""
        return self.path / "vectors"

    @property
    def _request(self) -> Path:
        return self.path / "asked.json"

    @property
    def _about(self) -> Path:
        return self.path / "index.json"

    def is_finished(self) -> bool:
        """Say whether all of it is there."""
        return self._about.is_file()

    def check(self) -> None:
        """Refuse a folder that holds something else; what a killed process left half written may stand there."""
        if self.path.exists() and not self.path.is_dir():
            raise SearchError(f"{self.path} is a file; an index needs a folder. Name another with --out.")
        entries = list(self.path.iterdir()) if self.path.exists() else []
        foreign = sorted(entry.name for entry in entries if entry.name not in _NAMES and not is_part(entry))
        if foreign:
            raise SearchError(
                f"{self.path} holds {foreign[0]}, which is no part of an index, and nothing was written. Name another "
                "folder with --out."
            )

    def begin(self, request: IndexRequest) -> None:
        """Note what is asked for; where work began earlier, make sure that it was the same.

        Raises:
            SearchError: It was another model, or another corpus; says which.
        """
        if self._request.is_file():
            self._refuse_changes(_made(IndexRequest, _read(self._request), self._request), request)
        with new_file(self._request) as temporary:
            temporary.write_text(json.dumps(asdict(request), indent=2) + "\n", encoding="utf-8")

    def check_same(self, request: IndexRequest, factory: str) -> None:
        """Refuse to call an index finished that is not the one asked for."""
        about = self.read()
        self._refuse_changes(about.request, request)
        if about.factory != factory:
            raise SearchError(
                f"{self.path} is finished, with the factory '{about.factory}' and not '{factory}'. Name another folder."
            )

    def finish(self, about: About) -> None:
        """Write `index.json`."""
        with new_file(self._about) as temporary:
            temporary.write_text(json.dumps(asdict(about), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        self._request.unlink(missing_ok=True)

    def read(self) -> About:
        """Read `index.json`.

        Raises:
            SearchError: There is no finished index here.
        """
        check_kinds(self.path)
        if not self._about.is_file():
            begun = self._request.is_file() or self.documents.is_file()
            way = (
                "was not finished: run the same `textcl index` again"
                if begun
                else "holds no index: it has no index.json"
            )
            raise SearchError(f"{self.path} {way}.")
        content = _read(self._about)
        if content.get("format") != FORMAT:
            raise SearchError(f"{self._about}: its format is {content.get('format')}; this textcl reads {FORMAT}.")
        request = content.pop("asked", None) or content.pop("request", None)  # "asked": indexes of textcl 0.1
        if not isinstance(request, dict):
            raise SearchError(f"{self._about}: not what an index says of itself (it has no 'request').")
        content["request"] = _made(IndexRequest, request, self._about)
        return _made(About, content, self._about)

    def _refuse_changes(self, before: IndexRequest, now: IndexRequest) -> None:
        changed = [
            f"{field.name}: {getattr(before, field.name)} then, {getattr(now, field.name)} now"
            for field in fields(IndexRequest)
            if field.name != "model" and getattr(before, field.name) != getattr(now, field.name)
        ]
        if changed:
            raise SearchError(
                f"{self.path} was begun by model {before.model}, now it is {now.model}, and these differ:\n"
                + "\n".join(changed)
                + "\nName another folder with --out."
            )


def _made(kind: type[Made], content: dict[str, Any], file: Path) -> Made:
    """Return what a file holds as the dataclass that it should be.

    Raises:
        SearchError: A name is missing or unknown, or a value is of another type.
    """
    try:
        made = kind(**content)
    except TypeError as error:
        raise SearchError(f"{file}: not what an index says of itself ({error}).") from error
    for name, wanted in get_type_hints(kind).items():
        value, plain = getattr(made, name), get_origin(wanted) or wanted
        if not isinstance(value, plain) or isinstance(value, bool):
            raise SearchError(f"{file}: not what an index says of itself ({name} is {str(value)[:80]!r}).")
    return made


def _read(file: Path) -> dict[str, Any]:  # JSON may hold anything; the dataclasses say what is wanted
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SearchError(f"{file} cannot be read ({error}).") from error
    if not isinstance(content, dict):
        raise SearchError(f"{file}: found {str(content)[:80]!r}; it should be an object. Build the index again.")
    return content
