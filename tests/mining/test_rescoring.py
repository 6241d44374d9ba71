"""Cross-encoders where sentence-transformers is not installed."""

import sys

import pytest

from textcl.errors import ModelError
from textcl.mining.rescoring import cross_encoder


def test_without_sentence_transformers_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(
        ModelError, match=r"^some/reader: .*sentence_transformers.*pip install 'textcl\[cross-encoder\]'$"
    ):
        cross_encoder("some/reader")
