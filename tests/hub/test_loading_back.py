"""What was pushed opens by its name on the Hub, in a process whose Hub is the one on loopback, with equal vectors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import textcl
from tests.cli.running import run
from tests.hub.hub_server import TOKEN, Hub
from tests.tiny import SENTENCES

_PROGRAM = """
import json, sys
import torch
import textcl
from huggingface_hub import ModelCard
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

name, texts = sys.argv[1], json.loads(sys.argv[2])
vectors = {"textcl": textcl.load(name, device="cpu").encode(texts)}
vectors["tagged"] = textcl.load(name + "@v1", device="cpu").encode(texts)
vectors["sentence-transformers"] = SentenceTransformer(name, device="cpu").encode(texts)
tokens = AutoTokenizer.from_pretrained(name)(["query: " + text for text in texts], padding=True, return_tensors="pt")
with torch.no_grad():
    states = AutoModel.from_pretrained(name)(**tokens).last_hidden_state
mask = tokens["attention_mask"].unsqueeze(-1)
pooled = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)
vectors["transformers"] = pooled.numpy()
card = ModelCard.load(name).data.library_name
print(json.dumps({"card": card, **{key: value.tolist() for key, value in vectors.items()}}))
"""


def test_what_was_pushed_opens_everywhere_with_equal_vectors(
    hub: Hub, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "push", finished, "me/birds", "--tag", "v1").code == 0
    texts = [text for text in SENTENCES if len(text.split()) < 12]  # the run keeps sixteen tokens
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    environment |= {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _PROGRAM, "me/birds", json.dumps(texts)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("card") == "sentence-transformers"
    own = textcl.load(str(finished), device="cpu").encode(texts)
    assert set(found) == {"textcl", "tagged", "sentence-transformers", "transformers"}
    for reader, vectors in found.items():
        np.testing.assert_allclose(vectors, own, atol=1e-6, err_msg=reader)
    assert hub.counted(r"GET /me/birds/resolve/.*/model\.safetensors") == 1  # one cache for all of them
