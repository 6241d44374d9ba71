"""Suites of tasks: YAML files that say which tasks there are and where their data lies."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from textcl import shelf
from textcl.errors import DataError, suggestion
from textcl.evaluation.average import Average
from textcl.evaluation.files import Files
from textcl.evaluation.schema import Suite
from textcl.evaluation.task import Task


def load_suite(name_or_path: str, data_dir: Path | None = None) -> list[Task]:
    """Load the tasks of a suite.

    Args:
        name_or_path: A bundled suite, `sts`, or a path, `./mine.yaml`.
        data_dir: A folder of local files; without it the data comes from the Hub.

    Raises:
        DataError: No such suite, a fault in it, or its data is missing or faulty.
    """
    path = _suite_file(name_or_path)
    files = Files(path.parent, data_dir)
    suite = read_suite(path)
    tasks: list[Task] = [entry.task(files) for entry in suite.tasks]
    return tasks if suite.average is None else [*tasks, Average(f"{path.stem}-average", tasks, suite.average)]


def read_suite(path: Path) -> Suite:
    """Read a suite file and check it, without touching any data."""
    try:
        return Suite.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DataError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise DataError(f"{path} is not a suite. " + "; ".join(faults)) from error


def _suite_file(name_or_path: str) -> Path:
    if name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path)
        if not path.is_file():
            raise DataError(f"There is no suite file {path}.")
        return path
    folder = shelf.suites_folder()
    known = shelf.names(folder)
    if name_or_path not in known:
        raise DataError(
            f"There is no suite '{name_or_path}'.{suggestion(name_or_path, known)} Bundled are {', '.join(known)}; "
            "a file of your own is given by its path, ending in .yaml."
        )
    return folder / f"{name_or_path}.yaml"
