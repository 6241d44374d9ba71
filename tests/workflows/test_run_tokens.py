"""When the tokens of a run's texts are kept, and that a run is told of it."""

from pathlib import Path

import pytest

from tests.data.sources import Rows
from tests.noted import Noted
from tests.tiny import SENTENCES, tiny_encoder
from textcl.augment.span_crop import SpanCrop
from textcl.data.token_cache import KeptTokens
from textcl.data.views import ViewSpec
from textcl.distributed import Ranks
from textcl.types.batches import Tokenize
from textcl.types.text import Example, Role
from textcl.workflows.run import data as token_keeping
from textcl.workflows.run.data import run_tokenize

SOURCE = Rows(*(Example(0, text) for text in SENTENCES))
PLAIN = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE))
CROPS = tuple(ViewSpec(role, (SpanCrop(0.5),)) for role in (Role.ANCHOR, Role.POSITIVE))
ENCODER = tiny_encoder()


@pytest.fixture(autouse=True)
def many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(token_keeping, "WORTH", len(SENTENCES))


def request(views: tuple[ViewSpec, ...], epochs: float) -> tuple[Tokenize, list[str]]:
    noted = Noted()
    return run_tokenize(ENCODER, SOURCE, views, epochs, 0, Ranks(), noted), noted.names


def test_a_run_of_several_epochs_keeps_tokens_and_the_next_takes_them_whatever_its_length() -> None:
    first, phases = request(PLAIN, 2.5)
    assert isinstance(first, KeptTokens)
    assert phases[0] == "Tokenising 7 rows once, as the run reads them 2.5 times"
    assert phases[1].startswith("Taking tokens from ")
    again, phases = request(PLAIN, 0.5)
    assert again == first
    assert len(phases) == 1


@pytest.mark.parametrize(("views", "epochs"), [(PLAIN, 1.0), (CROPS, 9.0)])
def test_nothing_is_kept_for_one_epoch_or_for_texts_that_change(views: tuple[ViewSpec, ...], epochs: float) -> None:
    assert request(views, epochs) == (ENCODER.tokenize, [])


def test_nothing_is_kept_of_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_keeping, "WORTH", len(SENTENCES) + 1)
    assert request(PLAIN, 9.0) == (ENCODER.tokenize, [])
