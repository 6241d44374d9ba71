import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers.normalizers import BertNormalizer

from tests.tiny import SENTENCES, tiny_backbone, tiny_encoder, tiny_tokenizer
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.errors import ModelError


def change(file: Path, **settings: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def test_a_run_folder_opens_its_model(tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "run" / "model")

    assert open_encoder(tmp_path / "run").encode(["a dog"]).shape == (1, 16)


def test_a_plain_transformers_folder_is_pooled_by_the_mean(tmp_path: Path) -> None:
    tiny_backbone().save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)

    encoder = open_encoder(tmp_path)

    assert (encoder.pooling, encoder.max_length, set(encoder.prompts.values())) == ("mean", 62, {""})
    np.testing.assert_allclose(encoder.encode(SENTENCES), tiny_encoder().encode(SENTENCES), atol=1e-6)


def test_a_recipe_takes_from_the_folder_what_it_does_not_say(tmp_path: Path) -> None:
    tiny_encoder("cls", prompts={"anchor": "query: "}, pool_prompt=False, max_length=9).save(tmp_path / "model")

    as_saved = build_encoder(str(tmp_path / "model"))
    changed = build_encoder(
        str(tmp_path / "model"), pooling="max", prompts={"positive": "p: "}, pool_prompt=True, max_length=30
    )

    assert (as_saved.pooling, as_saved.pool_prompt, as_saved.max_length) == ("cls", False, 9)
    assert as_saved.prompts["anchor"] == "query: "
    assert (changed.pooling, changed.pool_prompt, changed.max_length) == ("max", True, 30)
    assert dict(changed.prompts) == {"anchor": "", "positive": "p: ", "negative": "p: "}


def test_the_names_of_prompts_that_sentence_transformers_uses_are_understood(tiny_model_folder: Path) -> None:
    file = tiny_model_folder / "config_sentence_transformers.json"

    change(file, prompts={"query": "Q: ", "passage": "P: "}, default_prompt_name=None)
    assert dict(open_encoder(tiny_model_folder).prompts) == {"anchor": "Q: ", "positive": "P: ", "negative": "P: "}

    change(file, prompts={"sts": "S: "}, default_prompt_name="sts")
    assert set(open_encoder(tiny_model_folder).prompts.values()) == {"S: "}

    change(file, prompts={"sts": "S: "}, default_prompt_name=None)
    assert set(open_encoder(tiny_model_folder).prompts.values()) == {""}


def test_a_length_beyond_the_positions_becomes_theirs(tiny_model_folder: Path) -> None:
    change(tiny_model_folder / "sentence_bert_config.json", max_seq_length=10_000)

    assert open_encoder(tiny_model_folder).max_length == 64
    with pytest.raises(ValueError, match="at most 64"):
        build_encoder(str(tiny_model_folder), max_length=10_000)


def test_lower_casing_asked_for_beside_the_tokenizer_survives_saving(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    encoder.tokenizer.backend_tokenizer.normalizer = BertNormalizer(lowercase=False)
    encoder.save(tmp_path / "cased")
    assert np.abs(encoder.encode(["A DOG"]) - encoder.encode(["a dog"])).max() > 1e-2

    change(tmp_path / "cased" / "sentence_bert_config.json", do_lower_case=True)
    lowercasing = open_encoder(tmp_path / "cased")
    lowercasing.save(tmp_path / "again")

    for found in (lowercasing, open_encoder(tmp_path / "again")):
        np.testing.assert_allclose(found.encode(["A DOG"]), encoder.encode(["a dog"]), atol=1e-6)


def test_older_folders_keep_their_transformer_in_a_folder_of_its_own(tiny_model_folder: Path, tmp_path: Path) -> None:
    before = open_encoder(tiny_model_folder).encode(SENTENCES)
    inner = tiny_model_folder / "0_Transformer"
    inner.mkdir()
    for file in [*tiny_model_folder.glob("*.safetensors"), *tiny_model_folder.glob("*.json")]:
        if file.name not in ("modules.json", "config_sentence_transformers.json"):
            file.rename(inner / file.name)
    modules = json.loads((tiny_model_folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (tiny_model_folder / "modules.json").write_text(json.dumps(modules))

    np.testing.assert_allclose(open_encoder(tiny_model_folder).encode(SENTENCES), before, atol=1e-6)


@pytest.mark.parametrize(
    ("position", "kind", "message"),
    [
        (
            2,
            "sentence_transformers.models.CNN",
            "does not know the module sentence_transformers.models.CNN",
        ),
        (0, "custom_st.Transformer", "does not know the module custom_st.Transformer"),
        (1, "sentence_transformers.models.Normalize", "the modules are Transformer, Normalize, Normalize"),
    ],
)
def test_modules_that_would_give_other_vectors_are_refused(
    tiny_model_folder: Path, position: int, kind: str, message: str
) -> None:
    modules = json.loads((tiny_model_folder / "modules.json").read_text())
    modules[position]["type"] = kind
    (tiny_model_folder / "modules.json").write_text(json.dumps(modules))

    with pytest.raises(ModelError, match=message):
        open_encoder(tiny_model_folder)


def test_a_pooling_that_textcl_lacks_is_refused(tiny_model_folder: Path) -> None:
    change(tiny_model_folder / "1_Pooling" / "config.json", pooling_mode=["cls", "median"])

    with pytest.raises(ModelError, match="the pooling is median; textcl knows mean, cls, lasttoken"):
        open_encoder(tiny_model_folder)


def test_settings_that_are_missing_or_no_json_are_named(tiny_model_folder: Path) -> None:
    file = tiny_model_folder / "1_Pooling" / "config.json"
    file.write_text('{"pooling_mode"')
    with pytest.raises(ModelError, match=r"1_Pooling/config\.json is no JSON"):
        open_encoder(tiny_model_folder)

    file.unlink()
    with pytest.raises(ModelError, match=r"1_Pooling/config\.json is missing"):
        open_encoder(tiny_model_folder)


def test_a_recipe_builds_the_same_random_weights_from_the_same_seed(tiny_model_folder: Path) -> None:
    vectors = []
    for _ in range(2):
        torch.manual_seed(5)
        vectors.append(build_encoder(str(tiny_model_folder), random_init=True).encode(SENTENCES))

    np.testing.assert_array_equal(*vectors)
