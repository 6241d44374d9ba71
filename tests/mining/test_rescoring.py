"""Cross-encoders where sentence-transformers is not installed."""

import json
import sys
from pathlib import Path

import pytest

from tests.tiny import tiny_tokenizer
from textcl.errors import ModelError
from textcl.mining.rescoring import cross_encoder


def test_without_sentence_transformers_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(
        ModelError, match=r"^some/reader: .*sentence_transformers.*pip install 'textcl\[cross-encoder\]'$"
    ):
        cross_encoder("some/reader")


def test_a_reader_without_a_tokenizer_or_with_an_activation_of_others_is_refused_before_anything_is_imported(
    tmp_path: Path,
) -> None:
    pytest.importorskip("sentence_transformers")
    config = {"model_type": "bert", "sentence_transformers": {"activation_fn": "torch.os.abort"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="holds no tokenizer"):
        cross_encoder(str(tmp_path))
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"config\.json: textcl does not know the activation 'torch\.os\.abort'"):
        cross_encoder(str(tmp_path))
