"""Low-rank adapters: what they compute, what is trained, and what is saved."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from transformers import AutoModel

from tests.tiny import KINDS, SENTENCES, tiny_backbone, tiny_encoder
from textcl.distributed import Ranks
from textcl.encoder.adapter import Adapter, AdapterSettings, Savings, save_memory
from textcl.encoder.encoder import Encoder
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.opening import build_encoder, open_encoder, use_fast_parts
from textcl.errors import ModelError
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.training.target import EmaTarget, load_trained, trained_state
from textcl.util.precision import Precision

CPU = torch.device("cpu")


def adapted(folder: Path, kind: str = "bert", learnt: bool = True, **settings: object) -> Encoder:
    """An encoder with an adapter over a saved base in `folder/base`, its B as training might leave it."""
    tiny_encoder(kind=kind).save(folder / "base")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        encoder = build_encoder(
            str(folder / "base"), savings=Savings(AdapterSettings(**{"rank": 2, "alpha": 3.0, **settings}))
        )
        for name, parameter in encoder.named_parameters():
            if learnt and ".lora_B." in name:
                nn.init.normal_(parameter, std=0.3)
    assert isinstance(encoder, Encoder)
    return encoder.eval()


def test_a_layer_computes_its_weights_and_alpha_over_rank_times_the_small_matrices(tmp_path: Path) -> None:
    encoder = adapted(tmp_path)
    layer = encoder.backbone.encoder.layer[1].attention.self.query
    values = torch.randn(5, 16)
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight  # (2, 16), (16, 2)
    by_hand = values @ layer.base_layer.weight.T + layer.base_layer.bias + 3.0 / 2 * (values @ a.T) @ b.T
    torch.testing.assert_close(layer(values), by_hand, atol=1e-6, rtol=0)


def test_the_small_matrices_alone_are_trained(tmp_path: Path) -> None:
    encoder = adapted(tmp_path)
    trained = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    layers = [f"backbone.encoder.layer.{n}.attention.self.{part}" for n in (0, 1) for part in ("query", "value")]
    assert trained == {f"{layer}.lora_{side}.default.weight" for layer in layers for side in "AB"}
    assert set(trained_state(encoder)) == trained


def test_an_encoder_starts_as_its_base(tmp_path: Path) -> None:
    encoder = adapted(tmp_path, learnt=False)
    np.testing.assert_array_equal(encoder.encode(SENTENCES), open_encoder(tmp_path / "base").encode(SENTENCES))


@pytest.mark.parametrize("kind", KINDS)
def test_the_merged_model_gives_the_adapters_vectors_in_both_libraries(kind: str, tmp_path: Path) -> None:
    encoder = adapted(tmp_path, kind)
    encoder.save(tmp_path / "model")
    vectors, base = encoder.encode(SENTENCES), open_encoder(tmp_path / "base", device="cpu").encode(SENTENCES)
    assert np.abs(vectors - base).max() > 0.05
    merged = open_encoder(tmp_path / "model", device="cpu")
    np.testing.assert_allclose(merged.encode(SENTENCES), vectors, atol=1e-6, rtol=0)
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(list(SENTENCES))
    np.testing.assert_allclose(theirs, vectors, atol=1e-6, rtol=0)


def test_the_adapter_beside_it_opens_in_peft_and_sentence_transformers_over_the_base(tmp_path: Path) -> None:
    adapted(tmp_path).save(tmp_path / "model")
    over = PeftModel.from_pretrained(AutoModel.from_pretrained(tmp_path / "base"), tmp_path / "model" / "adapter")
    weights = over.merge_and_unload().state_dict()
    for name, weight in load_file(tmp_path / "model" / "model.safetensors").items():
        torch.testing.assert_close(weights[name], weight, atol=1e-6, rtol=0)
    theirs = SentenceTransformer(str(tmp_path / "base"), device="cpu")
    theirs.load_adapter(str(tmp_path / "model" / "adapter"))
    vectors = open_encoder(tmp_path / "model", device="cpu").encode(SENTENCES)
    np.testing.assert_allclose(theirs.encode(list(SENTENCES)), vectors, atol=1e-6, rtol=0)
    assert str(tmp_path) not in (tmp_path / "model" / "adapter" / "adapter_config.json").read_text()


def test_an_adapter_alone_is_no_model(tmp_path: Path) -> None:
    adapted(tmp_path).save(tmp_path / "model")
    with pytest.raises(
        ModelError, match=r"model/adapter/.*: the folder holds an adapter alone\. Name the model that it"
    ):
        open_encoder(tmp_path / "model" / "adapter")


def test_saving_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    encoder = adapted(tmp_path, targets=("all-linear",))
    for name in ("one", "other"):
        encoder.save(tmp_path / name)
    for file in sorted(path for path in (tmp_path / "one").rglob("*") if path.is_file()):
        assert file.read_bytes() == (tmp_path / "other" / file.relative_to(tmp_path / "one")).read_bytes(), file


def test_an_adapter_that_has_learnt_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    adapted(tmp_path).save(tmp_path / "model")
    assert caplog.messages == []
    adapted(tmp_path, learnt=False).save(tmp_path / "model")
    assert caplog.messages == ["The adapter has learnt nothing: the merged model is equal to its base."]


@pytest.mark.parametrize(
    ("targets", "layers"),
    [
        (None, {"query", "value"}),
        (("all-linear",), {"query", "key", "value", "dense"}),
        (("key", "intermediate.dense"), {"key", "dense"}),
    ],
)
def test_layers_are_chosen_by_the_ends_of_their_names(targets: tuple[str, ...], layers: set[str]) -> None:
    backbone = tiny_backbone("bert")
    names = Adapter(backbone, AdapterSettings(2, 4.0, targets)).config.target_modules
    assert {name.rpartition(".")[2] for name in names} == layers
    assert len(names) == 2 * (6 if targets == ("all-linear",) else 2)


def test_an_architecture_without_known_names_gets_it_in_every_linear_layer() -> None:
    backbone = tiny_backbone("bert")
    for layer in backbone.encoder.layer:
        layer.attention.self = nn.Identity()
    names = Adapter(backbone, AdapterSettings(2, 4.0)).config.target_modules
    assert names == [
        f"encoder.layer.{number}.{end}"
        for number in (0, 1)
        for end in ("attention.output.dense", "intermediate.dense", "output.dense")
    ]


@pytest.mark.parametrize("target", ["queri", "uery", "word_embeddings", "", "layer"])
def test_a_name_of_no_linear_layer_is_refused_with_those_there_are(target: str) -> None:
    with pytest.raises(
        ValueError, match=r"^adapter\.targets: found '.*', but no linear .* It has query, key, value, d"
    ):
        Adapter(tiny_backbone("bert"), AdapterSettings(2, 4.0, ("query", target)))


def test_without_peft_its_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(ValueError, match=r"^adapter: it needs the package peft; pip install 'textcl\[adapters\]'"):
        Adapter(tiny_backbone("bert"), AdapterSettings(2, 4.0))


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
def test_a_replayed_pass_is_bit_equal_to_one_that_kept_its_graphs(precision: Precision, tmp_path: Path) -> None:
    def gradients(live: int) -> list[torch.Tensor]:
        encoder = adapted(tmp_path, dropout=0.3).train()
        memory = Memory(chunk_tokens=24, live_tokens=live)
        chunks = ChunkedPass(encoder, [encoder.tokenize(SENTENCES * 2, "anchor")], memory, precision, CPU, 1)
        embeddings = chunks.embed()
        chunks.backward(torch.linspace(-1, 1, embeddings.numel()).view_as(embeddings))
        return [embeddings, *(p.grad for p in encoder.parameters() if p.requires_grad)]

    kept, replayed = gradients(10**9), gradients(0)
    assert all(map(torch.equal, kept, replayed))
    assert all(gradient.abs().max() > 0 for gradient in kept)


def test_the_adapters_dropout_tells_two_views_apart(tmp_path: Path) -> None:
    tiny_encoder(dropout=0.0).save(tmp_path / "base")
    encoder = build_encoder(str(tmp_path / "base"), savings=Savings(AdapterSettings(2, 4.0, dropout=0.2)))
    assert encoder.dropout == pytest.approx(0.2)


def test_a_moving_average_shares_the_base_and_moves_the_adapter_alone(tmp_path: Path) -> None:
    encoder = adapted(tmp_path)
    target = EmaTarget(encoder, 0.75, Ranks(), seed=1)
    own, online = (dict(each.named_parameters()) for each in (target.encoder, encoder))
    assert (
        {name for name in own if own[name] is not online[name]}
        == set(trained_state(encoder))
        == set(target.state_dict())
    )
    base = {name: weight.clone() for name, weight in own.items()}
    with torch.no_grad():
        for name in trained_state(encoder):
            online[name] += 1.0
    target.update()
    for name, weight in own.items():
        torch.testing.assert_close(weight, base[name] + (0.25 if name in target.state_dict() else 0.0))
    assert {name for name, parameter in online.items() if parameter.requires_grad} == set(trained_state(encoder))


def test_the_trained_state_alone_restores_an_encoder(tmp_path: Path) -> None:
    encoder, other = adapted(tmp_path), adapted(tmp_path, learnt=False)
    load_trained(other, trained_state(encoder))
    np.testing.assert_array_equal(other.encode(SENTENCES), encoder.encode(SENTENCES))


def test_another_scale_is_another_fingerprint(tmp_path: Path) -> None:
    assert fingerprint(adapted(tmp_path)) == fingerprint(adapted(tmp_path))
    assert fingerprint(adapted(tmp_path)) != fingerprint(adapted(tmp_path, alpha=6.0))


def pass_of(
    kind: str, savings: Savings, precision: Precision = Precision.FLOAT32, live: int = 10**9
) -> tuple[Tensor, dict[str, Tensor], Encoder]:
    """The embeddings of a pass, and the gradients of what is trained."""
    encoder = tiny_encoder(dropout=0.2, kind=kind)
    use_fast_parts(encoder.backbone)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        encoder.adapter = save_memory(encoder.backbone, savings, None)
        for name, parameter in encoder.named_parameters():
            if ".lora_B." in name:
                nn.init.normal_(parameter, std=0.3)
    memory = Memory(chunk_tokens=24, live_tokens=live)
    chunks = ChunkedPass(encoder.train(), [encoder.tokenize(SENTENCES * 2, "anchor")], memory, precision, CPU, 1)
    embeddings = chunks.embed()
    chunks.backward(torch.linspace(-1, 1, embeddings.numel()).view_as(embeddings))
    return embeddings, {n: p.grad for n, p in encoder.named_parameters() if p.requires_grad}, encoder


@pytest.mark.parametrize("live", [10**9, 0])
@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
@pytest.mark.parametrize("adapter", [None, AdapterSettings(2, 4.0, dropout=0.2)])
@pytest.mark.parametrize("kind", ["bert", "modernbert"])
def test_layers_that_are_computed_anew_give_the_same_gradients(
    kind: str, adapter: AdapterSettings | None, precision: Precision, live: int
) -> None:
    kept, anew = (pass_of(kind, Savings(adapter, recompute=way), precision, live) for way in (False, True))
    torch.testing.assert_close(anew[0], kept[0], atol=1e-6, rtol=0)
    for name, gradient in kept[1].items():
        torch.testing.assert_close(anew[1][name], gradient, atol=1e-6, rtol=0)
        assert gradient.abs().max() > 0


def test_layers_are_computed_anew_only_while_a_graph_is_kept() -> None:
    encoder = tiny_encoder()
    save_memory(encoder.backbone, Savings(recompute=True), None)
    calls: list[str] = []
    encoder.backbone.encoder.layer[0].attention.register_forward_hook(lambda *_: calls.append("layer"))
    encoder.encode(SENTENCES)
    assert len(calls) == 1
    calls.clear()
    chunks = ChunkedPass(
        encoder.train(), [encoder.tokenize(SENTENCES, "anchor")], Memory(10**6, 10**6), Precision.FLOAT32, CPU, 1
    )
    chunks.embed()
    assert len(calls) == 1
    chunks.backward(torch.ones(len(SENTENCES), 16))
    assert len(calls) == 2


def test_an_architecture_that_cannot_compute_layers_anew_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^recompute: the architecture 'mpnet' cannot compute its layers anew"):
        save_memory(tiny_backbone("mpnet"), Savings(recompute=True), None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("adapter", [None, AdapterSettings(2, 4.0, dropout=0.2)])
def test_weights_in_bf16_give_nearly_the_same_and_replay_exactly(kind: str, adapter: AdapterSettings | None) -> None:
    whole = pass_of(kind, Savings(adapter))
    kept, replayed = (pass_of(kind, Savings(adapter, half=True), live=live) for live in (10**9, 0))
    assert torch.equal(kept[0], replayed[0])
    assert all(torch.equal(gradient, replayed[1][name]) for name, gradient in kept[1].items())
    assert kept[0].dtype is torch.float32
    cosines = nn.functional.cosine_similarity(kept[0], whole[0])
    assert 0.99 < cosines.min() < cosines.max() < 1
    held = {name: weight.dtype for name, weight in kept[2].backbone.named_parameters()}
    assert {held[name] for name in held if ".lora_" in name} <= {torch.float32}
    assert {held[name] for name in held if ".lora_" not in name} == {torch.bfloat16}


def test_weights_in_bf16_are_saved_as_they_are(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    save_memory(encoder.backbone, Savings(half=True), None)
    encoder.save(tmp_path / "model")
    weights = load_file(tmp_path / "model" / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "model" / "config.json").read_text())["dtype"] == "bfloat16"
    for name, weight in open_encoder(tmp_path / "model", device="cpu").backbone.state_dict().items():
        assert torch.equal(weight, weights[name].float())
    assert SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(["a cat"]).shape == (1, 16)


def test_a_merged_model_of_a_base_in_bf16_is_float32_and_loses_nothing(tmp_path: Path) -> None:
    encoder = pass_of("bert", Savings(AdapterSettings(2, 4.0), half=True))[2]
    encoder.save(tmp_path / "model")
    merged = load_file(tmp_path / "model" / "model.safetensors")
    name = "encoder.layer.0.attention.self.query"
    layer = encoder.backbone.get_submodule(name)
    by_hand = layer.base_layer.weight.float() + 2 * layer.lora_B["default"].weight @ layer.lora_A["default"].weight
    assert merged[f"{name}.weight"].dtype is torch.float32
    torch.testing.assert_close(merged[f"{name}.weight"], by_hand, atol=1e-6, rtol=0)


def test_a_moving_average_of_weights_in_bf16_is_float32() -> None:
    encoder = tiny_encoder()
    save_memory(encoder.backbone, Savings(half=True), None)
    target = EmaTarget(encoder, 0.999, Ranks(), seed=1)
    before = target.state_dict()["backbone.encoder.layer.0.output.dense.weight"].clone()
    with torch.no_grad():
        encoder.backbone.encoder.layer[0].output.dense.weight += 1.0
    target.update()
    moved = target.state_dict()["backbone.encoder.layer.0.output.dense.weight"] - before
    torch.testing.assert_close(moved, torch.full_like(moved, 1e-3), atol=1e-5, rtol=0)
