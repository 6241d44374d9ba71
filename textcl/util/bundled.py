"""Where the bundled recipes and suites lie: inside an installed wheel, or beside the package in a checkout."""

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
