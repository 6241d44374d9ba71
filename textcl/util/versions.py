"""Versions of the packages that can change a number of a run."""

from importlib.metadata import PackageNotFoundError, version

# What can change a number of a run.
PACKAGES = (
    "textcl",
    "torch",
    "transformers",
    "tokenizers",
    "sentence-transformers",
    "accelerate",
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
        return version(package)
    except PackageNotFoundError:  # faiss comes under several names
        return None
