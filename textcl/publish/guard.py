"""The last look at what is about to be published: no token, and no path of this machine."""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from textcl.errors import PublishError
from textcl.publish.upload import Upload

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
    own = _places(run)
    for upload in uploads:
        places = own[:1] if upload.path in _TEXTS_OF_OTHERS else own
        for text in _texts(upload):
            if _TOKEN.search(text):
                raise PublishError(
                    f"{upload.path} holds what looks like a token of the Hub, so nothing was published. Take it out of "
                    f"the run in {run}, and make a new token: one that lay in a file is known."
                )
            place = next((place for place in places if text.find(place.encode()) >= 0), None)
            if place is not None:
                raise PublishError(
                    f"{upload.path} holds a path of this machine ({place}…), so nothing was published. Take it out of "
                    f"the file in {run}, or make the file again."
                )


def _places(run: Path) -> list[str]:
    """Return the run folder, the home folder and the current one, as they begin a path."""
    folders = (run.absolute(), Path.home(), Path.cwd())
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
