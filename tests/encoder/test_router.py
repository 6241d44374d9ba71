"""Two towers in a folder: what comes back, and what is refused."""

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.two_tower import TwoTower
from textcl.errors import ModelError
from textcl.types.text import Role


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two towers, saved."""
    tiny_towers().save(tmp_path / "towers")
    return tmp_path / "towers"


def change(file: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


def test_saved_towers_open_with_the_same_vectors_for_every_role(folder: Path) -> None:
    encoder, again = tiny_towers(), open_encoder(folder)

    assert isinstance(again, TwoTower)
    assert not again.training
    for role in Role:
        np.testing.assert_allclose(again.encode(SENTENCES, role=role), encoder.encode(SENTENCES, role=role), atol=1e-6)


def test_every_setting_of_both_towers_comes_back(tmp_path: Path) -> None:
    prompts = {"anchor": "query: ", "positive": "answer: ", "negative": "not: "}
    queries = tiny_encoder("max", prompts=prompts, pool_prompt=False, max_length=9, dropout=0.2)
    documents = tiny_encoder("last", kind="distilbert", prompts=prompts, max_length=30, dropout=0.3)
    TwoTower(queries, documents).save(tmp_path / "model")

    again = open_encoder(tmp_path / "model")

    assert again.prompts == prompts
    for found, saved in ((again.queries, queries), (again.documents, documents)):
        assert (found.pooling, found.pool_prompt, found.max_length) == (
            saved.pooling,
            saved.pool_prompt,
            saved.max_length,
        )
        assert found.dropout == pytest.approx(saved.dropout)
        assert found.backbone.config.model_type == saved.backbone.config.model_type


def test_a_run_folder_opens_both_towers(tmp_path: Path) -> None:
    tiny_towers().save(tmp_path / "run" / "model")

    assert isinstance(open_encoder(tmp_path / "run"), TwoTower)


def test_building_from_two_towers_changes_each_alike(folder: Path) -> None:
    encoder = build_encoder(str(folder), pooling="max", layers=1, dropout=0.4, prompts={"anchor": "q"}, max_length=8)

    assert dict(encoder.prompts) == {"anchor": "q", "positive": "", "negative": ""}
    for tower in (encoder.queries, encoder.documents):
        assert (tower.pooling, tower.max_length, tower.backbone.config.num_hidden_layers) == ("max", 8, 1)
        assert tower.dropout == pytest.approx(0.4)


def test_each_tower_is_a_model_folder_of_its_own_transformer(folder: Path) -> None:
    encoder = open_encoder(folder / "document_0_Transformer")

    assert isinstance(encoder, Encoder)
    assert encoder.backbone.config.model_type == "roberta"


def test_a_full_disk_leaves_the_old_folder_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny_towers()
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encoder.documents.tokenizer, "save_pretrained", full)  # the queries' are written already
    with pytest.raises(ModelError, match=r"towers: the model could not be written \(.*No space left on device"):
        encoder.save(folder)

    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["towers"]


def test_nothing_about_this_machine_is_written(folder: Path, tmp_path: Path) -> None:
    open_encoder(folder).save(tmp_path / "again")

    for file in (tmp_path / "again").rglob("*.json"):
        assert str(tmp_path) not in file.read_text(), file


def rename_route(config: dict[str, Any]) -> None:
    config["structure"]["passage"] = config["structure"].pop("document")


def map_routes(config: dict[str, Any]) -> None:
    config["parameters"]["route_mappings"] = {"('query', 'text')": "query"}


def share_weights(config: dict[str, Any]) -> None:
    config["structure"]["document"][0] = config["structure"]["query"][0]


def leave_pooling_out(config: dict[str, Any]) -> None:
    del config["structure"]["query"][1]


def take_another_module(config: dict[str, Any]) -> None:
    config["types"]["query_0_Transformer"] = "sentence_transformers.models.CNN"


def take_another_default(config: dict[str, Any]) -> None:
    config["parameters"]["default_route"] = "passage"


def forget_a_module(config: dict[str, Any]) -> None:
    del config["types"]["query_1_Pooling"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (rename_route, r"the routes are query, passage; textcl opens models with query and document"),
        (map_routes, r"route_mappings is .*'text'.*; textcl opens models that choose the route by the task alone"),
        (share_weights, r"both routes share the weights of query_0_Transformer; .* weights of their own"),
        (
            leave_pooling_out,
            r"the modules are Transformer, Normalize; textcl opens Transformer, perhaps WeightedLayerPooling, Pooling",
        ),
        (take_another_module, r"does not know the module sentence_transformers.models.CNN; it opens Transformer, "),
        (take_another_default, r'default_route is "passage"; it must be query or document'),
        (forget_a_module, r"does not know the module None"),
        (dict.clear, r"the routes are none"),
    ],
)
def test_routers_that_textcl_can_not_represent_are_refused(
    folder: Path, edit: Callable[[dict[str, Any]], None], message: str
) -> None:
    change(folder / "router_config.json", edit)

    with pytest.raises(ModelError, match=rf"towers/router_config\.json: .*{message}"):
        open_encoder(folder)


def test_a_router_behind_other_modules_is_refused(folder: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    transformer = {
        "idx": 0,
        "name": "0",
        "path": "query_0_Transformer",
        "type": "sentence_transformers.models.Transformer",
    }
    (folder / "modules.json").write_text(json.dumps([transformer, *modules]))

    with pytest.raises(ModelError, match=r"modules\.json: the modules are Transformer, Router"):
        open_encoder(folder)


def test_a_missing_or_damaged_router_is_named(folder: Path) -> None:
    file = folder / "router_config.json"
    file.write_text('{"types"')
    with pytest.raises(ModelError, match=r"router_config\.json is no JSON"):
        open_encoder(folder)

    file.unlink()
    with pytest.raises(ModelError, match=r"router_config\.json is missing"):
        open_encoder(folder)


def test_towers_of_other_widths_are_named_with_their_folder(folder: Path) -> None:
    config = {"in_features": 16, "out_features": 5, "activation_function": "torch.nn.modules.linear.Identity"}
    dense = folder / "query_2_Dense"
    dense.mkdir()
    (dense / "config.json").write_text(json.dumps(config))
    save_file({"linear.weight": torch.zeros(5, 16), "linear.bias": torch.zeros(5)}, dense / "model.safetensors")

    def add_dense(router: dict[str, Any]) -> None:
        router["types"]["query_2_Dense"] = "sentence_transformers.models.Dense"
        router["structure"]["query"].insert(2, "query_2_Dense")

    change(folder / "router_config.json", add_dense)

    with pytest.raises(ModelError, match=r"towers: The towers' vectors .* queries have 5 channels, .* documents 16"):
        open_encoder(folder)


def test_a_missing_tower_is_named(folder: Path) -> None:
    (folder / "document_0_Transformer" / "model.safetensors").unlink()

    with pytest.raises(ModelError, match=r"document_0_Transformer holds no weights"):
        open_encoder(folder)
