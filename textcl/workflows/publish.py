"""A run on its way to the Hub: pushed when it is done, and its best model before, if the recipe asks for it."""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from textcl.errors import PublishError, TextclError
from textcl.files.yaml import read_yaml, read_yaml_file, write_yaml
from textcl.hub.contents import Contents, PublishedFacts, contents_of, contents_underway, paths_in, stand_ins
from textcl.hub.push import Pushed, check_destination, full_name, push
from textcl.hub.repository import Destination
from textcl.recipe.section import HubSection
from textcl.util.foreign import check_kinds
from textcl.workflows.run.during import BEST

_SECTIONS = ("data", "encoder", "objective", "evaluation")  # where paths may stand; the others hold none
_PUBLISHING = {"repo", "private", "revision", "best_on_the_way"}
_CLEANED = (
    "# As it was run, but for paths of the machine that it ran on, which are cut to their last names: ./NAME.\n"
    "# Name files of your own in their place, here or on the command line: {locations}.\n"
)


def published_facts(run: Path) -> PublishedFacts:
    """Read what is told of a run.

    A path of the machine becomes `./` and its last names. Who trains a published recipe again publishes nothing by it.

    Args:
        run: The run folder.

    Raises:
        PublishError: It is no run folder.
        RecipeError: Its recipe cannot be read.
    """
    check_kinds(run)
    file = run / "recipe.yaml"
    _refuse_other_folders(run, file)
    raw = read_yaml_file(file)
    if not isinstance(raw, dict):
        raise PublishError(f"{file} is no recipe: it holds no sections.")
    texts = [entry for name in _SECTIONS for entry in _texts(raw.get(name), name)]
    found = {location: paths_in(value) for location, value in texts}
    named = stand_ins([path for paths in found.values() for path in paths])
    published = {name: _replaced(value, named) if name in _SECTIONS else value for name, value in raw.items()}
    published["hub"] = {**(raw.get("hub") or {}), **HubSection().model_dump(include=_PUBLISHING)}
    locations = ", ".join(location for location, paths in found.items() if paths)
    of_home = {str(Path(value).expanduser()): value for _, value in texts if value.startswith("~")}
    comment = _CLEANED.format(locations=locations) if locations else ""
    return PublishedFacts(
        comment + write_yaml(published), {str(run.absolute()): run.absolute().name, **of_home, **named}
    )


def _refuse_other_folders(run: Path, file: Path) -> None:
    if file.is_file():
        return
    if not run.is_dir():
        raise PublishError(f"There is no folder {run}. Name the folder of a run, as textcl train leaves it.")
    if (run.parent / "recipe.yaml").is_file():
        raise PublishError(f"{run} is a part of the run {run.parent}. Name the run.")
    raise PublishError(
        f"{run} is no run: recipe.yaml is missing, and with it all that could be told of a model's training. Name the "
        f"folder of a run; a model alone is uploaded by hf upload REPO {run}."
    )


def _texts(value: object, location: str) -> Iterator[tuple[str, str]]:
    """Yield every text inside a value with its location."""
    if isinstance(value, str):
        yield location, value
    entries = value if isinstance(value, Mapping) else dict(enumerate(value)) if isinstance(value, list) else {}
    for name, entry in entries.items():
        yield from _texts(entry, f"{location}.{name}")


def _replaced(value: Any, named: Mapping[str, str]) -> Any:
    """Return a value of YAML, of whatever kind, with the paths in its texts replaced."""
    if isinstance(value, Mapping):
        return {name: _replaced(entry, named) for name, entry in value.items()}
    if isinstance(value, list):
        return [_replaced(entry, named) for entry in value]
    if isinstance(value, str):
        for path in sorted(paths_in(value), key=len, reverse=True):
            value = value.replace(path, named[path])
    return value


def publishable(run: Path, repo: str | None) -> Contents:
    """Gather what is published of a run; nothing is sent.

    Args:
        run: The run folder; it is read and not changed.
        repo: The repository; None: not known yet.

    Raises:
        PublishError: It is no finished run, or a file of it holds a secret.
    """
    published = published_facts(run)
    recipe = read_yaml(published.recipe, str(run / "recipe.yaml"))
    is_scored = (recipe.get("evaluation") or {}).get("after") or (recipe.get("data") or {}).get("held_out")
    lacks = next((name for name in ("model", "report.json") if not (run / name).exists()), None)
    if lacks == "model" or (lacks is not None and is_scored):
        raise PublishError(
            f"{run} is not done: it has no {lacks}. Go on with it, then push: "
            f"textcl train {run / 'recipe.yaml'} --out {run} --resume"
        )
    return contents_of(run, published, repo)


_log = logging.getLogger(__name__)


class HubPublisher:
    """Publishes a run on the Hub.

    A best model on the way is sent beside the training, which does not wait; while one is on its way, better ones are
    passed over, for there will be another, or the end.

    Args:
        run: The run folder.
        destination: Where it goes.
        sends_best: Whether the best models on the way are sent, too.
    """

    def __init__(self, run: Path, destination: Destination, sends_best: bool) -> None:
        self.run, self.destination, self.sends_best = run, destination, sends_best
        self._sender = ThreadPoolExecutor(1)
        self._sending: Future[Pushed] | None = None

    def check(self) -> None:
        """Make sure that the Hub is there and would take the run.

        Raises:
            PublishError: Names the setting and the error.
        """
        try:
            check_destination(self.destination)
        except PublishError as error:
            raise PublishError(f"hub.repo: {error} To train without publishing: hub.repo=null.") from error

    def best(self, note: str) -> None:
        """Send the best model so far; that it cannot be sent is a warning, and the training goes on."""
        if not self.sends_best or (self._sending is not None and not self._sending.done()):
            return
        self._warn_of_error()
        copy = self.run / "sending"  # not in the folder of the best, which a better one replaces
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.run / BEST / "model", copy, copy_function=_link)
        self._sending = self._sender.submit(self._send, copy, note)

    def finish(self) -> Pushed:
        """Publish the run.

        Raises:
            PublishError: It could not be; says how to do it later.
        """
        self._sender.shutdown(wait=True)
        self._warn_of_error()
        try:
            return push(publishable(self.run, full_name(self.destination.repo)), self.destination)
        except TextclError as error:
            more = "" if self.destination.private else " --public"
            more += f" --revision {self.destination.revision}" if self.destination.revision else ""
            raise PublishError(
                f"{error}\nThe run is complete in {self.run}, but not published. Later: "
                f"textcl push {self.run} {self.destination.repo}{more}"
            ) from error

    def _send(self, model: Path, note: str) -> Pushed:
        try:
            return push(contents_underway(self.run, model, published_facts(self.run), note), self.destination)
        finally:
            shutil.rmtree(model, ignore_errors=True)

    def _warn_of_error(self) -> None:
        error = self._sending.exception() if self._sending is not None else None
        self._sending = None
        if error is not None:
            _log.warning("The best model so far was not pushed: %s", error)


def _link(source: str, target: str) -> None:
    """Make a copy that takes no room where the disk can, for the original is replaced by the next better model."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
