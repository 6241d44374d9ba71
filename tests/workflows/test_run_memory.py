"""How a run is cut on a CPU, and on a GPU by its memory (made up here)."""

from types import SimpleNamespace

import pytest
import torch

from tests.tiny import tiny_encoder, tiny_tokenizer, tiny_towers
from textcl.encoder.encoder import Encoder
from textcl.encoder.folder_format import FolderSettings
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.runtimes import TokenTable
from textcl.encoder.static import StaticEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.recipe.load import load_recipe
from textcl.training.gradient_cache import Memory
from textcl.util.packing import CPU, CUDA, TABLE
from textcl.workflows.run.objective import build_memory

GPU = torch.device("cuda", 0)
GIGABYTE = 10**9


@pytest.fixture(params=[tiny_encoder, tiny_towers])
def base(request: pytest.FixtureRequest) -> TextEncoder:
    """A tiny encoder, or two, whose configuration speaks of a BERT base: 12 layers of 768 channels."""
    encoder: Encoder | TwoTower = request.param()
    for tower in encoder.modules():
        if isinstance(tower, Encoder):
            tower.backbone.config.update({"num_hidden_layers": 12, "hidden_size": 768})
    return encoder


def memory(
    encoder: TextEncoder,
    gigabytes: float,
    monkeypatch: pytest.MonkeyPatch,
    device: torch.device = GPU,
    **training: object,
) -> Memory:
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    total = gigabytes * GIGABYTE + 20 * parameters  # 16 bytes a parameter are four fifths of these
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=total))
    changes = [f"training.{name}={value}" for name, value in training.items()]
    return build_memory(load_recipe("simcse", ["data.sources.0.path=a.txt", *changes]), encoder, device)


# 0.8 * 24e9 / (52 * 12 * 768) = 40,064 tokens: a half of them kept, a third at once.
@pytest.mark.parametrize(
    ("gigabytes", "precision", "chunk", "live"),
    [
        (24, "bf16", 13354, 20032),
        (8, "bf16", 4451, 6677),
        (24, "float32", 9512, 14269),
        (140, "bf16", CUDA.chunk_tokens, 116853),
        (0, "bf16", 1, 0),
    ],
)
def test_a_gpu_keeps_what_its_memory_holds(
    base: TextEncoder, gigabytes: float, precision: str, chunk: int, live: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert memory(base, gigabytes, monkeypatch, precision=precision) == Memory(chunk, live)


def test_what_the_recipe_says_is_done(base: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory(base, 24, monkeypatch, precision="bf16", chunk_tokens=100) == Memory(100, 20032)
    assert memory(base, 24, monkeypatch, precision="bf16", live_tokens=0) == Memory(13354, 0)
    assert memory(base, 24, monkeypatch, precision="bf16", chunk_tokens=9, live_tokens=8) == Memory(9, 8)


def test_a_cpu_has_its_own_cuts(base: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    found = memory(base, 24, monkeypatch, torch.device("cpu"))
    assert found == Memory(CPU.chunk_tokens, CPU.live_tokens) == Memory()


def test_an_encoder_of_unknown_size_is_cut_as_gpus_are(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny_encoder()
    encoder.backbone.config = SimpleNamespace()
    assert memory(encoder, 24, monkeypatch, precision="bf16") == Memory(CUDA.chunk_tokens, CUDA.live_tokens)


def test_a_gpu_of_apple_keeps_what_the_memory_that_it_may_take_holds(
    base: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = sum(parameter.numel() for parameter in base.parameters())
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 24 * GIGABYTE + 20 * parameters)

    cut = build_memory(load_recipe("simcse", ["data.sources.0.path=a.txt"]), base, torch.device("mps"))

    assert cut == Memory(9512, 14269)  # as of a CUDA GPU in float32, which `auto` is there


def test_a_table_of_token_embeddings_is_read_at_once() -> None:
    tokenizer = tiny_tokenizer()
    table = TokenTable(torch.zeros(len(tokenizer), 4), tokenizer.pad_token_id)
    encoder = StaticEncoder(table, tokenizer, "{}", FolderSettings())

    cut = build_memory(load_recipe("simcse", ["data.sources.0.path=a.txt"]), encoder, torch.device("cpu"))

    assert cut == Memory(TABLE.chunk_tokens, TABLE.live_tokens, cuts=TABLE)
