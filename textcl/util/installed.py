"""What is installed: bundled recipes and suites, in a wheel or beside a checkout's package; versions of packages."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def recipes_folder() -> Path:
    """Return the folder of bundled training recipes (`NAME.yaml`)."""
    return _first(_PACKAGE / "bundled" / "recipes", _PACKAGE.parent / "data_recipes")


def suites_folder() -> Path:
    """Return the folder of bundled evaluation suites (`NAME.yaml`)."""
    return _first(_PACKAGE / "bundled" / "suites", _PACKAGE.parent / "eval" / "suites")


def names(folder: Path) -> list[str]:
    """Return the names of the YAML files in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def _first(*folders: Path) -> Path:
    for folder in folders:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"textcl is installed without its {folders[0].name}; install it again from a wheel or a checkout."
    )


# What can change a number of a run.
PACKAGES = (
    "textcl",
    "torch",
    "transformers",
    "tokenizers",
    "sentence-transformers",
    "accelerate",
    "peft",
    "numpy",
    "scipy",
    "faiss-cpu",
    "pytrec-eval-terrier",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of the packages that can change a number."""
    return {name: found for name in PACKAGES if (found := version_of(name)) is not None}


def version_of(package: str) -> str | None:
    """Return the version of a package, None where it is not installed."""
    try:
        return _version(package)
    except PackageNotFoundError:  # faiss comes under several names
        return None


@cache  # a package's files are read once a process; one that is missing is looked for again
def _version(package: str) -> str:
    return version(package)
