"""A file on its way to the Hub, and which files of a model folder are ones."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CARD, RECIPE = "README.md", "recipe.yaml"
OF_RUN = ("run.json", "report.json", "report.html", "exports.json")  # what may lie beside them
_SUFFIXES = (".json", ".txt", ".model", ".jinja", ".safetensors", ".onnx", ".onnx_data")
_SUFFIXES_OF_OPENVINO = (".xml", ".bin")
# What a model is read from: in a repository that is pushed to again, an old one of these would be mixed with the new.
_READ_WITH_A_MODEL = re.compile(
    r".*\.(safetensors|onnx|onnx_data|bin|pt|h5|msgpack|xml|model)"
    r"|(.*/)?(config|modules|\w*tokenizer\w*|special_tokens_map|added_tokens|vocab|\w+\.safetensors\.index"
    r"|config_sentence_transformers|sentence_\w+_config|router_config)\.json"
    r"|(.*/)?(vocab|merges)\.txt"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it will lie in the repository."""

    path: str  # in the repository
    content: bytes | Path  # itself, or the file that holds it

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


def belongs_to_model(path: PurePosixPath) -> bool:
    """Say whether a file of a model folder goes to the Hub: weights that hold no code, and what they are read with."""
    if any(part.startswith(".") for part in path.parts) or path.name == CARD:
        return False
    suffixes = _SUFFIXES + (_SUFFIXES_OF_OPENVINO if "openvino" in path.parts[0] else ())
    return path.name.endswith(suffixes)


def speaks_of_model(path: str) -> bool:
    """Say whether a file of a repository would be taken for one of the model or of its run."""
    return path in (RECIPE, *OF_RUN) or _READ_WITH_A_MODEL.fullmatch(path) is not None
