"""The families that people fine-tune: vectors of sentence-transformers, end tokens, and decoders that see both ways."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import (
    AutoModel,
    AutoTokenizer,
    BartConfig,
    MambaConfig,
    PreTrainedModel,
    T5ForConditionalGeneration,
)

from tests.encoder.families import DECODERS, FAMILIES, family_backbone, family_config, family_tokenizer
from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.architectures import HALVES
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.errors import ModelError

NEAR = 1e-6


def plain(folder: Path, kind: str, backbone: PreTrainedModel | None = None, **tokenizer: Any) -> str:
    """The folder of a backbone as transformers writes it."""
    (backbone or family_backbone(kind)).save_pretrained(folder)
    family_tokenizer(kind, **tokenizer).save_pretrained(folder)
    return str(folder)


def built(folder: str, **settings: Any) -> Encoder:
    encoder = build_encoder(folder, **settings)
    assert isinstance(encoder, Encoder)
    return encoder


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", FAMILIES)
def test_both_libraries_give_a_family_the_same_vectors_in_both_directions(kind: str, tmp_path: Path) -> None:
    encoder = built(plain(tmp_path / "plain", kind), pooling="last" if kind in DECODERS else "mean")
    expected = encoder.encode(SENTENCES)
    assert np.abs(expected[0] - expected[1]).max() > 0.1

    encoder.save(tmp_path / "ours")
    model = theirs(tmp_path / "ours")
    model.save(str(tmp_path / "theirs"))

    np.testing.assert_allclose(unit(model.encode(list(SENTENCES))), expected, atol=NEAR)
    for folder in (tmp_path / "ours", tmp_path / "theirs"):
        np.testing.assert_allclose(open_encoder(folder).encode(SENTENCES), expected, atol=NEAR)


@pytest.mark.parametrize("kind", HALVES)
def test_of_a_pair_the_encoder_alone_is_taken(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    whole = AutoModel.from_config(family_config(kind)).eval()
    encoder = built(plain(tmp_path / "plain", kind, whole))
    batch = family_tokenizer(kind)(list(SENTENCES), padding=True, return_tensors="pt")

    with torch.inference_mode():
        hidden = whole.encoder(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    means = ((hidden * mask).sum(1) / mask.sum(1)).numpy()

    np.testing.assert_allclose(encoder.encode(SENTENCES), unit(means), atol=NEAR)
    assert not any("decoder" in name for name in encoder.state_dict())


def test_a_pair_with_a_head_is_opened_too_and_saved_without_its_decoder(tmp_path: Path) -> None:
    whole = T5ForConditionalGeneration(family_config("t5"))
    encoder = built(plain(tmp_path / "plain", "t5", whole))

    encoder.save(tmp_path / "half")

    assert (tmp_path / "half" / "model.safetensors").stat().st_size < sum(
        4 * tensor.numel() for tensor in whole.encoder.state_dict().values()
    ) + 20_000
    np.testing.assert_allclose(open_encoder(tmp_path / "half").encode(SENTENCES), encoder.encode(SENTENCES), atol=NEAR)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", DECODERS)
def test_the_last_token_is_the_same_on_either_side_of_the_padding(kind: str, side: str, tmp_path: Path) -> None:
    encoder = built(plain(tmp_path / "plain", kind), pooling="last")
    encoder.tokenizer.padding_side = side
    encoder.save(tmp_path / "model")
    model = theirs(tmp_path / "model")

    assert model.tokenizer.padding_side == side
    alone = np.concatenate([encoder.encode([sentence]) for sentence in SENTENCES])
    np.testing.assert_allclose(encoder.encode(SENTENCES), alone, atol=NEAR)
    np.testing.assert_allclose(unit(model.encode(list(SENTENCES))), alone, atol=NEAR)


@pytest.mark.parametrize(
    ("pooling", "append_eos", "appended"),
    [("last", None, True), ("last", True, True), ("last", False, False), ("mean", None, False), ("mean", True, True)],
)
def test_an_end_token_is_appended_where_the_last_one_is_pooled_or_it_is_asked_for(
    pooling: str, append_eos: bool | None, appended: bool, tmp_path: Path
) -> None:
    folder = plain(tmp_path / "plain", "qwen3", ends=False)
    encoder = built(folder, pooling=pooling, append_eos=append_eos, max_length=6)
    end = encoder.tokenizer.eos_token_id

    for text in ("fish", "", SENTENCES[1]):  # no token at all is a token of padding; the last one is cut
        ids = encoder.tokenize([text], None).ids[0].tolist()
        assert (len(ids) <= 6, ids.count(end), ids[-1] == end) == (
            True,
            int(appended or not text),
            appended or not text,
        )


def test_an_appended_end_token_is_part_of_the_folder(tmp_path: Path) -> None:
    encoder = built(plain(tmp_path / "plain", "llama"), pooling="last", append_eos=True, max_length=6)
    encoder.save(tmp_path / "model")

    for again in (open_encoder(tmp_path / "model"), built(str(tmp_path / "model"))):
        np.testing.assert_allclose(again.encode(SENTENCES), encoder.encode(SENTENCES), atol=NEAR)
    ids = AutoTokenizer.from_pretrained(tmp_path / "model")(SENTENCES[1], truncation=True)["input_ids"]
    assert (len(ids), ids[-1]) == (6, encoder.tokenizer.eos_token_id)


def test_a_tokenizer_that_ends_texts_itself_appends_nothing_twice(tmp_path: Path) -> None:
    tiny_encoder("last").save(tmp_path / "model")

    ids = built(str(tmp_path / "model"), append_eos=True).tokenize(["a fish"], None).ids[0]

    assert list(ids) == list(tiny_encoder().tokenize(["a fish"], None).ids[0])


def test_a_folder_that_pools_the_last_token_without_an_end_is_trained_as_it_was_made(tmp_path: Path) -> None:
    built(plain(tmp_path / "plain", "qwen3"), pooling="last", append_eos=False).save(tmp_path / "model")

    again = built(str(tmp_path / "model"))

    np.testing.assert_allclose(
        again.encode(SENTENCES), unit(theirs(tmp_path / "model").encode(list(SENTENCES))), atol=NEAR
    )
    assert again.tokenize(["fish"], None).ids[0][-1] != again.tokenizer.eos_token_id


def test_without_an_end_token_none_can_be_asked_for(tmp_path: Path) -> None:
    folder = plain(tmp_path / "plain", "qwen3", ends=True)
    config = Path(folder) / "tokenizer_config.json"
    said = json.loads(config.read_text())
    config.write_text(json.dumps({name: value for name, value in said.items() if name != "eos_token"}))

    built(folder, pooling="last")
    with pytest.raises(ValueError, match=r"^append_eos is asked for, but the tokenizer has no end token"):
        built(folder, append_eos=True)


def test_a_tokenizer_without_padding_gets_it_from_its_end_token_and_keeps_it(tmp_path: Path) -> None:
    folder = plain(tmp_path / "plain", "gemma3_text", ends=False)
    assert AutoTokenizer.from_pretrained(folder).pad_token is None

    encoder = built(folder)
    encoder.save(tmp_path / "model")

    assert AutoTokenizer.from_pretrained(tmp_path / "model").pad_token == encoder.tokenizer.eos_token
    np.testing.assert_allclose(
        unit(theirs(tmp_path / "model").encode(list(SENTENCES))), encoder.encode(SENTENCES), atol=NEAR
    )


def both_ways(kind: str, folder: str) -> PreTrainedModel:
    """The same weights in a model of transformers whose own configuration says that tokens see both sides."""
    name = "use_bidirectional_attention" if kind == "gemma3_text" else "is_causal"
    file = Path(folder) / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: kind == "gemma3_text"}))
    return AutoModel.from_pretrained(folder, attn_implementation="eager").eval()


@pytest.mark.parametrize("kind", DECODERS)
def test_a_decoder_is_made_to_see_both_ways_and_saved_so(kind: str, tmp_path: Path) -> None:
    folder = plain(tmp_path / "plain", kind)
    causal, encoder = built(folder), built(folder, is_causal=False)
    encoder.save(tmp_path / "model")
    expected = encoder.encode(SENTENCES)

    model = both_ways(kind, folder)
    means = []
    for sentence in SENTENCES:
        ids = torch.tensor(encoder.tokenize([sentence], None).ids[0])[None]
        with torch.inference_mode():
            means.append(model(input_ids=ids).last_hidden_state[0].mean(0).numpy())

    assert np.abs(causal.encode(SENTENCES) - expected).max() > 1e-2
    np.testing.assert_allclose(expected, unit(np.stack(means)), atol=NEAR)
    np.testing.assert_allclose(unit(theirs(tmp_path / "model").encode(list(SENTENCES))), expected, atol=NEAR)
    for again in (open_encoder(tmp_path / "model"), built(str(tmp_path / "model"), is_causal=False)):
        np.testing.assert_allclose(again.encode(SENTENCES), expected, atol=NEAR)
    np.testing.assert_allclose(
        built(str(tmp_path / "model"), is_causal=True).encode(SENTENCES), causal.encode(SENTENCES), atol=NEAR
    )


@pytest.mark.parametrize("kind", DECODERS)
def test_in_training_too_the_first_token_sees_the_last(kind: str, tmp_path: Path) -> None:
    encoder = built(plain(tmp_path / "plain", kind), is_causal=False).train()
    words = encoder.backbone.get_input_embeddings()
    ids = torch.tensor([[6, 7, 8, 9, 10], [6, 7, 8, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])

    hidden = encoder.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
    (gradient,) = torch.autograd.grad(hidden[0, 0].sum(), [words.weight])

    assert gradient[10].abs().max() > 0


def test_what_cannot_be_made_to_see_so_is_refused(tmp_path: Path) -> None:
    size = {"hidden_size": 16, "state_size": 4, "num_hidden_layers": 1, "time_step_rank": 2}
    AutoModel.from_config(MambaConfig(vocab_size=200, **size)).save_pretrained(tmp_path / "mamba")
    family_tokenizer("qwen3").save_pretrained(tmp_path / "mamba")
    tiny_encoder().save(tmp_path / "bert")

    with pytest.raises(ValueError, match=r"^is_causal is false, but a backbone of type 'mamba' cannot be made to read"):
        built(str(tmp_path / "mamba"), is_causal=False)
    with pytest.raises(ValueError, match=r"^is_causal is true, but a backbone of type 'bert' cannot be made to read"):
        built(str(tmp_path / "bert"), is_causal=True)
    built(str(tmp_path / "bert"), is_causal=False)


def test_a_family_that_needs_its_decoder_is_refused_by_name(tmp_path: Path) -> None:
    BartConfig(vocab_size=200, d_model=16).save_pretrained(tmp_path)

    with pytest.raises(ModelError, match=r"'bart' is no text encoder by itself.*encoder half of longt5"):
        built(str(tmp_path))
