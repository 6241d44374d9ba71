"""What of a run goes to the Hub: chosen file by file, cleaned of the machine's paths, and nothing else."""

import hashlib
import html
import json
import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from textcl.errors import PublishError
from textcl.hub.card import render_card

CARD, RECIPE = "README.md", "recipe.yaml"
OF_RUN = ("run.json", "report.json", "report.html", "exports.json")  # what may lie beside them
_SUFFIXES = (".json", ".txt", ".model", ".jinja", ".safetensors", ".onnx", ".onnx_data")
_SUFFIXES_OF_OPENVINO = (".xml", ".bin")
# What a model is read from: in a repository that is pushed to again, an old one of these would be mixed with the new.
_READ_WITH_A_MODEL = re.compile(
    r".*\.(safetensors|onnx|onnx_data|bin|pt|h5|msgpack|xml|model)"
    r"|(.*/)?(config|modules|\w*tokenizer\w*|special_tokens_map|added_tokens|vocab|\w+\.safetensors\.index"
    r"|config_sentence_transformers|adapter_config|sentence_\w+_config|router_config)\.json"
    r"|(.*/)?(vocab|merges)\.txt"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it will lie in the repository."""

    path: str  # in the repository
    content: bytes | Path  # itself, or the file that holds it

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


def belongs_to_model(path: PurePosixPath) -> bool:
    """Say whether a file of a model folder goes to the Hub: weights that hold no code, and what they are read with."""
    if any(part.startswith(".") for part in path.parts) or path.name == CARD:
        return False
    suffixes = _SUFFIXES + (_SUFFIXES_OF_OPENVINO if "openvino" in path.parts[0] else ())
    return path.name.endswith(suffixes)


def speaks_of_model(path: str) -> bool:
    """Say whether a file of a repository would be taken for one of the model or of its run."""
    return path in (RECIPE, *OF_RUN) or _READ_WITH_A_MODEL.fullmatch(path) is not None


_TOKEN = re.compile(rb"\bhf_[A-Za-z0-9]{30,}\b")
_TEXTS_OF_OTHERS = ("report.html",)  # it quotes evaluation texts, in which /app/… or /root/… may be innocent
_LONGEST_HEADER = 100_000_000  # bytes; what the safetensors library reads at most


def refuse_secrets(uploads: tuple[Upload, ...], run: Path) -> None:
    """Refuse files that hold a token of the Hub, or a path of the machine.

    Args:
        uploads: The files as they would be published.
        run: The run folder, whose own path is looked for too.

    Raises:
        PublishError: Names the file and what it holds.
    """
    own = _locations(run)
    for upload in uploads:
        locations = own[:1] if upload.path in _TEXTS_OF_OTHERS else own
        for text in _texts(upload):
            if _TOKEN.search(text):
                raise PublishError(
                    f"{upload.path} holds what looks like a token of the Hub, so nothing was published. Take it out of "
                    f"the run in {run}, and make a new token: one that lay in a file is known."
                )
            location = next((location for location in locations if text.find(location.encode()) >= 0), None)
            if location is not None:
                raise PublishError(
                    f"{upload.path} holds a path of this machine ({location}…), so nothing was published. Take "
                    f"it out of "
                    f"the file in {run}, or make the file again."
                )


def _locations(run: Path) -> list[str]:
    """Return the run folder, the home folder and the current one, as they begin a path."""
    folders = [run.absolute(), Path.cwd()]
    with suppress(RuntimeError):  # there may be none
        folders.append(Path.home())
    return [f"{folder}/" for folder in folders if folder != folder.parent]


def _texts(upload: Upload) -> Iterator[bytes | mmap.mmap]:
    """Yield what may hold text: the whole file, or the header of weights."""
    if isinstance(upload.content, bytes):
        yield upload.content
    elif upload.path.endswith(".safetensors"):
        with upload.content.open("rb") as file:
            yield file.read(min(int.from_bytes(file.read(8), "little"), _LONGEST_HEADER))
    elif upload.size:
        with upload.content.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


_SEPARATORS = re.compile(r",|^\w+:")  # of a set of one's own: sts:FILE, classification:TRAIN,TEST


def paths_in(value: str) -> list[str]:
    """Return the absolute paths that a setting holds: itself, or the files that it names as `sts:FILE`."""
    parts = [part.strip() for part in _SEPARATORS.split(value)]
    return [part for part in parts if part.startswith("/") and not part.startswith("//") and _is_path(part)]


def _is_path(text: str) -> bool:
    """Tell a path from a text that begins with a slash: it names a folder and what is in it, or is there."""
    return len(Path(text).parts) > 2 or Path(text).exists()


def stand_ins(paths: Sequence[str]) -> dict[str, str]:
    """Return what is published in place of each path: `./` and its last names, as few as tell the paths apart."""
    distinct = [Path(path) for path in dict.fromkeys(paths)]
    names: list[str] = []
    for depth in range(1, max((len(path.parts) for path in distinct), default=0) + 1):
        names = ["/".join(path.parts[1:][-depth:]) for path in distinct]
        if len(set(names)) == len(distinct):
            break
    return {path: f"./{name}" for path, name in zip(dict.fromkeys(paths), names, strict=True)}


def without_paths(text: str, named: Mapping[str, str]) -> str:
    """Return a text with every path in it replaced, as it stands and as JSON and HTML write it.

    Args:
        text: What is published.
        named: Path → what stands in for it.
    """
    for path in sorted(named, key=len, reverse=True):  # a file before the folder that it lies in
        for write in (str, _as_json, html.escape):
            text = text.replace(write(path), write(named[path]))
    return text


def _as_json(text: str) -> str:
    return json.dumps(text)[1:-1]


_HEAD = "---\n"
_SIGNATURE = re.compile(rf"\A{_HEAD}# Written by textcl; digest ([0-9a-f]{{32}})\n")


def signed(card: str) -> bytes:
    """Return a model card with a digest of itself among its metadata, by which an edited one is told."""
    return f"{_HEAD}# Written by textcl; digest {_digest(card)}\n{card.removeprefix(_HEAD)}".encode()


def is_as_written(card: bytes) -> bool:
    """Say whether a model card is one of textcl's, as it was written."""
    text = card.decode("utf-8", "replace").replace("\r\n", "\n")
    found = _SIGNATURE.match(text)
    return found is not None and found[1] == _digest(_HEAD + text[found.end() :])


def _digest(card: str) -> str:
    return hashlib.blake2b(card.encode(), digest_size=16).hexdigest()


_UNDERWAY = """---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [textcl]
---

# {name}, in training

The best model so far of a run of textcl: {note}. Training goes on; the model card, with what it was trained on and its
scores, takes the place of this page when it is done.
"""


@dataclass(frozen=True, slots=True)
class PublishedFacts:
    """What is published of a run, in words that hold no path of the machine."""

    recipe: str  # the resolved recipe, YAML
    stand_ins: Mapping[str, str]  # path → what is written in its place


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a run that are published."""

    run: Path
    files: tuple[Upload, ...]
    left_out: tuple[str, ...] = ()  # files of its model folder that are no part of a model
    message: str = ""  # of the commit

    @property
    def card(self) -> str:
        """The model card."""
        return next(_text(file) for file in self.files if file.path == CARD)


def contents_of(run: Path, published: PublishedFacts, repo: str | None) -> Contents:
    """Gather what is published of a finished run.

    Args:
        run: The run folder; it is read and not changed.
        published: Its recipe, cleaned, and what stands in for the paths that the machine's files have.
        repo: The repository, which the card names; None: not known yet.

    Raises:
        PublishError: The folder lacks something, or a file holds a secret.
    """
    _refuse_links(run, [run / name for name in (RECIPE, *OF_RUN)])
    card = Upload(CARD, signed(without_paths(render_card(run, repo), published.stand_ins)))
    beside = [
        Upload(name, without_paths(_read(run / name), published.stand_ins).encode())
        for name in OF_RUN
        if (run / name).is_file()
    ]
    return _gathered(
        run, run / "model", [card, _recipe(published), *beside], f"The run {run.absolute().name}, by textcl"
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except ValueError as error:
        raise PublishError(
            f"{file} is not UTF-8, so it is damaged. textcl report {file.parent} mends a page."
        ) from error


def contents_underway(run: Path, model: Path, published: PublishedFacts, note: str) -> Contents:
    """Gather what is published of a run that goes on.

    Args:
        run: The run folder.
        model: The folder of the model as it is now.
        published: The recipe, cleaned.
        note: What is said of the model: `step 250, stsb-dev/spearman 84.31`.

    Raises:
        PublishError: A file holds a secret.
    """
    card = Upload(CARD, signed(_UNDERWAY.format(name=run.absolute().name, note=note)))
    return _gathered(run, model, [card, _recipe(published)], f"The best model so far: {note}")


def _gathered(run: Path, model: Path, texts: list[Upload], message: str) -> Contents:
    names = sorted(path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file())
    taken = [name for name in names if belongs_to_model(PurePosixPath(name))]
    if not any(name.endswith(".safetensors") for name in taken):
        raise PublishError(f"{model} holds no weights in safetensors. Train the run again.")
    folders = [path for path in model.rglob("*") if path.is_dir()]  # what lies in one that is a link is not in `names`
    _refuse_links(run, [*folders, *(model / name for name in taken)])
    files = (*texts, *(Upload(name, model / name) for name in taken))
    refuse_secrets(files, run)
    left_out = tuple(name for name in names if name not in taken and name != CARD)
    return Contents(run, files, left_out, message)


def _refuse_links(run: Path, files: Sequence[Path]) -> None:
    """Refuse files that are links, or lie behind one: what they lead to is not the run's."""
    for file in files:
        inside = [path for path in (file, *file.parents) if path != run and path.is_relative_to(run)]
        link = next((path for path in inside if path.is_symlink()), None)
        if link is not None:
            raise PublishError(f"{link} is a link, and what it leads to is not published. Put the file itself there.")


def _recipe(published: PublishedFacts) -> Upload:
    return Upload(RECIPE, published.recipe.encode())


def _text(file: Upload) -> str:
    return (file.content if isinstance(file.content, bytes) else file.content.read_bytes()).decode()
