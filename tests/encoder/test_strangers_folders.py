"""Model folders as strangers leave them: damaged, hostile, or of parts that do not fit each other."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tests.tiny import tiny_backbone, tiny_encoder, tiny_tokenizer
from textcl.encoder.dense import Dense
from textcl.encoder.folder_files import check_growth
from textcl.encoder.opening import open_encoder
from textcl.errors import ModelError

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 90868376\n"


def change(file: Path, **settings: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


class Command:
    """Runs a command where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def dense_folder(tmp_path: Path) -> Path:
    tiny_encoder(dense=[Dense(nn.Linear(16, 8), nn.Tanh())]).save(tmp_path / "dense")
    return tmp_path / "dense"


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    tiny_backbone().save_pretrained(tmp_path)

    with pytest.raises(ModelError, match="holds no tokenizer"):
        open_encoder(tmp_path)


def test_a_tokenizer_of_more_tokens_than_embeddings_is_refused(tmp_path: Path) -> None:
    tiny_backbone().save_pretrained(tmp_path)
    tokenizer = tiny_tokenizer()
    rows = len(tokenizer)
    tokenizer.add_tokens(["[PRODUCT]", "[BRAND]"])
    tokenizer.save_pretrained(tmp_path)

    with pytest.raises(ModelError, match=rf"knows {rows + 2} tokens, but the backbone has embeddings for {rows}"):
        open_encoder(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no JSON"),
        ("null", "found null, but there must be an object"),
        ("[1]", "there must be an object"),
        ('{"a": ' + "[" * 50_000 + "]" * 50_000 + "}", "nested too deeply|is no JSON"),
        (POINTER, "pointer of Git LFS"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "1_Pooling/config.json",
        "2_Dense/config.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
    ],
)
def test_a_settings_file_that_is_none_is_named(dense_folder: Path, name: str, content: str, message: str) -> None:
    (dense_folder / name).write_text(content)

    with pytest.raises(ModelError, match=message) as caught:
        open_encoder(dense_folder)
    assert str(dense_folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("config_sentence_transformers.json", {"prompts": ["a"]}),
        ("config_sentence_transformers.json", {"prompts": {"query": 7}}),
        ("config_sentence_transformers.json", {"default_prompt_name": "sts"}),
        ("config_sentence_transformers.json", {"truncate_dim": -1}),
        ("config_sentence_transformers.json", {"model_type": "CrossEncoder"}),
        ("sentence_bert_config.json", {"max_seq_length": "128"}),
        ("sentence_bert_config.json", {"max_seq_length": 0}),
        ("1_Pooling/config.json", {"word_embedding_dimension": 99}),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": "yes"}),
        ("1_Pooling/config.json", {"pooling_mode": 7}),
        ("2_Dense/config.json", {"in_features": None}),
        ("2_Dense/config.json", {"out_features": 99}),
        ("2_Dense/config.json", {"activation_function": "torch.nn.Bilinear"}),
        ("2_Dense/config.json", {"activation_function": "os.system"}),
        ("2_Dense/config.json", {"activation_function": 7}),
        ("tokenizer_config.json", {"unk_token": ""}),
        ("config.json", {"num_hidden_layers": 10**30}),
        ("config.json", {"hidden_size": "x"}),
        ("config.json", {"max_position_embeddings": 1024}),
        ("config.json", {"vocab_size": -1}),
        ("config.json", {"attn_implementation": "someone/kernels"}),
        ("config.json", {"num_hidden_layers": None}),
        ("config.json", {"num_labels": 10**9}),
        ("config.json", {"vocab_size": 1 << 33}),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_file(
    dense_folder: Path, name: str, settings: dict[str, object]
) -> None:
    change(dense_folder / name, **settings)

    with pytest.raises(ModelError) as caught:
        open_encoder(dense_folder)
    assert str(dense_folder / name) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("listed", [{"a": 1}, [], [7], [{"type": "sentence_transformers.models.Transformer"}]])
def test_a_list_of_modules_that_is_none_is_named(tiny_model_folder: Path, listed: object) -> None:
    (tiny_model_folder / "modules.json").write_text(json.dumps(listed))

    with pytest.raises(ModelError, match=r"modules\.json"):
        open_encoder(tiny_model_folder)


def test_a_folder_of_modules_without_their_list_is_refused(dense_folder: Path) -> None:
    (dense_folder / "modules.json").unlink()

    with pytest.raises(ModelError, match=r"modules\.json is missing, but .*1_Pooling/config\.json"):
        open_encoder(dense_folder)


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "1_Pooling/../../elsewhere", "..\\elsewhere"])
def test_nothing_is_read_outside_a_model_folder(tiny_model_folder: Path, path: str) -> None:
    listed = json.loads((tiny_model_folder / "modules.json").read_text())
    listed[1]["path"] = path
    (tiny_model_folder / "modules.json").write_text(json.dumps(listed))

    with pytest.raises(ModelError, match="leads out of the model folder"):
        open_encoder(tiny_model_folder)


def test_an_index_of_weights_names_files_of_its_folder_alone(tiny_model_folder: Path) -> None:
    (tiny_model_folder / "model.safetensors").rename(tiny_model_folder.parent / "elsewhere.safetensors")
    index = {"weight_map": {"embeddings.word_embeddings.weight": "../elsewhere.safetensors"}}
    (tiny_model_folder / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(ModelError, match="leads out of the model folder"):
        open_encoder(tiny_model_folder)


def test_pickled_weights_run_nothing(tiny_model_folder: Path, tmp_path: Path) -> None:
    (tiny_model_folder / "model.safetensors").unlink()
    torch.save(
        {"embeddings.word_embeddings.weight": Command(tmp_path / "ran")}, tiny_model_folder / "pytorch_model.bin"
    )

    with pytest.raises(ModelError, match=r"pytorch_model\.bin cannot be read \(it holds other things than tensors"):
        open_encoder(tiny_model_folder)
    assert not (tmp_path / "ran").exists()


def test_pickled_weights_of_a_dense_layer_run_nothing(dense_folder: Path, tmp_path: Path) -> None:
    (dense_folder / "2_Dense" / "model.safetensors").unlink()
    torch.save({"linear.weight": Command(tmp_path / "ran")}, dense_folder / "2_Dense" / "pytorch_model.bin")

    with pytest.raises(ModelError, match=r"2_Dense/pytorch_model\.bin cannot be read"):
        open_encoder(dense_folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "2_Dense/model.safetensors"])
@pytest.mark.parametrize("size", [0, 8, 200])
def test_weights_that_are_cut_off_are_named(dense_folder: Path, name: str, size: int) -> None:
    file = dense_folder / name
    file.write_bytes(file.read_bytes()[:size])

    with pytest.raises(ModelError, match="is damaged or cut off") as caught:
        open_encoder(dense_folder)
    assert str(file) in str(caught.value)


def test_pickled_weights_that_are_cut_off_are_named(tiny_model_folder: Path) -> None:
    weights, file = tiny_model_folder / "model.safetensors", tiny_model_folder / "pytorch_model.bin"
    torch.save(load_file(weights), file)
    weights.unlink()
    file.write_bytes(file.read_bytes()[:-2000])

    with pytest.raises(ModelError, match=r"pytorch_model\.bin cannot be read"):
        open_encoder(tiny_model_folder)


def test_a_pointer_of_git_lfs_is_told_from_weights(tiny_model_folder: Path) -> None:
    (tiny_model_folder / "model.safetensors").write_text(POINTER)

    with pytest.raises(ModelError, match=r"model\.safetensors is a pointer of Git LFS.*git lfs pull"):
        open_encoder(tiny_model_folder)


def test_a_dense_layer_that_takes_another_width_is_refused(dense_folder: Path) -> None:
    change(dense_folder / "2_Dense" / "config.json", in_features=12)
    save_file(
        {"linear.weight": torch.ones(8, 12), "linear.bias": torch.zeros(8)}, dense_folder / "2_Dense/model.safetensors"
    )

    with pytest.raises(ModelError, match=r"takes vectors of 12 numbers, but .*1_Pooling/config\.json says 16"):
        open_encoder(dense_folder)


def test_code_beside_a_model_is_neither_run_nor_asked_for(
    tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt="": pytest.fail("asked"))
    (tiny_model_folder / "own.py").write_text(f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    change(
        tiny_model_folder / "config.json", model_type="strange", auto_map={"AutoConfig": "own.C", "AutoModel": "own.M"}
    )

    with pytest.raises(ModelError, match="needs code that comes with it"):
        open_encoder(tiny_model_folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "steps",
    [
        [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * 40,
        [{"type": "Replace", "pattern": {"Regex": "a"}, "content": "a" * 20_000}],
        [{"type": "Lowercase"}, {"type": "Sequence", "normalizers": [
            {"type": "Replace", "pattern": {"String": "a"}, "content": "b" * 200},
            {"type": "Replace", "pattern": {"String": "b"}, "content": "a" * 200}]}],
    ],
)  # fmt: skip
def test_a_tokenizer_that_makes_texts_fill_the_memory_is_refused(
    tiny_model_folder: Path, steps: list[dict[str, Any]]
) -> None:
    change(tiny_model_folder / "tokenizer.json", normalizer={"type": "Sequence", "normalizers": steps})
    with pytest.raises(ModelError, match=r"tokenizer\.json: its normalizer makes texts [\d,]+ times as long"):
        open_encoder(tiny_model_folder)


def test_the_table_of_a_normalizer_counts_by_its_longest_replacement() -> None:
    table = (4).to_bytes(4, "little") + b"trie" + "ab\0ﷺ\0".encode() + b"x" * 20_000 + b"\0"
    step = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(table).decode()}
    with pytest.raises(ModelError, match="texts 20,000 times as long"):
        check_growth(Path("tokenizer.json"), step)
    check_growth(Path("tokenizer.json"), {**step, "precompiled_charsmap": base64.b64encode(table[:20]).decode()})


def test_an_expression_that_takes_too_long_is_told(tiny_model_folder: Path) -> None:
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
    change(tiny_model_folder / "tokenizer.json", pre_tokenizer=split)
    with pytest.raises(ModelError, match="its tokenizer cannot cut a text into tokens"):
        open_encoder(tiny_model_folder).encode(["a" * 60 + "!"])


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(dense_folder: Path, name: str) -> None:
    (dense_folder / name).unlink()
    os.mkfifo(dense_folder / name)

    with pytest.raises(ModelError, match=f"{name} is no file, but a pipe or a device"):
        open_encoder(dense_folder)


def test_a_link_to_a_device_without_end_is_refused(dense_folder: Path) -> None:
    (dense_folder / "config.json").unlink()
    (dense_folder / "config.json").symlink_to("/dev/zero")

    with pytest.raises(ModelError, match="is no file, but a pipe or a device"):
        open_encoder(dense_folder)


def test_an_adapter_beside_a_model_is_refused_for_it_would_change_the_vectors(dense_folder: Path) -> None:
    (dense_folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "../other"}')

    with pytest.raises(ModelError, match=r"adapter_config\.json: the folder holds an adapter beside its model"):
        open_encoder(dense_folder)


@pytest.mark.parametrize(
    "settings",
    [
        {"fast_tokenizer_files": ["../outside/tokenizer.4.0.0.json"]},
        {"vocab": "../outside/vocab.txt"},
        {"init_inputs": ["/etc/passwd"]},
    ],
)
def test_a_tokenizer_reads_no_file_outside_its_folder(dense_folder: Path, settings: dict[str, object]) -> None:
    (dense_folder.parent / "outside").mkdir()
    (dense_folder / "tokenizer.json").rename(dense_folder.parent / "outside" / "tokenizer.4.0.0.json")
    (dense_folder / "vocab.txt").write_text("[UNK]\n[PAD]\n[CLS]\n[SEP]\n")
    change(dense_folder / "tokenizer_config.json", **settings)

    with pytest.raises(ModelError, match=r"tokenizer_config\.json: .*outside"):
        open_encoder(dense_folder)


def test_settings_that_change_no_vector_are_set_back(dense_folder: Path, tmp_path: Path) -> None:
    plain = open_encoder(dense_folder, device="cpu").encode(["a dog", "a cat runs"])
    change(dense_folder / "config.json", output_attentions=True, return_dict=False, chunk_size_feed_forward=3)

    encoder = open_encoder(dense_folder, device="cpu")
    torch.testing.assert_close(encoder.encode(["a dog", "a cat runs"]), plain)
    encoder.save(tmp_path / "saved")
    open_encoder(tmp_path / "saved")


@pytest.mark.parametrize(
    ("ids", "count", "message"),
    [(10**6, 1, "the tokenizer knows 1,000,001 tokens"), (2, 99, r"max_length is \d+; it must be more than 99")],
)
def test_a_rule_of_special_tokens_that_does_not_fit_is_refused(
    dense_folder: Path, ids: int, count: int, message: str
) -> None:
    text = [{"Sequence": {"id": "A", "type_id": 0}}]
    change(
        dense_folder / "tokenizer.json",
        post_processor={
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}] * count + text,
            "pair": [*text, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [ids], "tokens": ["[CLS]"]}},
        },
    )

    with pytest.raises(ModelError, match=message) as caught:
        open_encoder(dense_folder)
    assert str(dense_folder) in str(caught.value)
