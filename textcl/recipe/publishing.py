"""A run on its way to the Hub: pushed when it is done, and its best model before, if the recipe asks for it."""

import logging
import os
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from textcl.errors import PublishError, TextclError
from textcl.publish import Destination, Pushed, check_destination, contents_underway, full_name, push
from textcl.recipe.during import BEST
from textcl.recipe.publishable import publishable
from textcl.recipe.schema import Recipe
from textcl.recipe.telling import told_of

_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """Publishes a run. Only rank 0 has one that does anything."""

    def check(self) -> None:
        """Make sure, before anything is trained, that the run can be published."""
        ...

    def best(self, note: str) -> None:
        """A better model was found on the way."""
        ...

    def finish(self) -> Pushed | None:
        """Publish the run, which is done."""
        ...


def publisher_of(recipe: Recipe, run: Path) -> Publisher:
    """Return what publishes a run as its recipe says."""
    section = recipe.hub
    if section.repo is None:
        return Unpublished()
    destination = Destination(section.repo, section.private, section.revision)
    return HubPublisher(run, destination, section.best_on_the_way)


class Unpublished:
    """The publisher of a run that stays where it is."""

    def check(self) -> None:
        """Do nothing."""

    def best(self, note: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


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
            PublishError: Names the setting and the fault.
        """
        try:
            check_destination(self.destination)
        except PublishError as error:
            raise PublishError(f"hub.repo: {error} To train without publishing: hub.repo=null.") from error

    def best(self, note: str) -> None:
        """Send the best model so far; that it can not be sent is a warning, and the training goes on."""
        if not self.sends_best or (self._sending is not None and not self._sending.done()):
            return
        self._warn_of_fault()
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
        self._warn_of_fault()
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
            return push(contents_underway(self.run, model, told_of(self.run), note), self.destination)
        finally:
            shutil.rmtree(model, ignore_errors=True)

    def _warn_of_fault(self) -> None:
        fault = self._sending.exception() if self._sending is not None else None
        self._sending = None
        if fault is not None:
            _log.warning("The best model so far was not pushed: %s", fault)


def _link(source: str, target: str) -> None:
    """Make a copy that takes no room where the disk can, for the original is replaced by the next better model."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
