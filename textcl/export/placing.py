"""Move a finished export to where it belongs."""

import shutil
from pathlib import Path

from textcl.atomic import new_folder
from textcl.encoder.graph import graph_files


def put_in_place(new: Path, place: Path) -> list[Path]:
    """Move an export into the model folder, over one that stood there before.

    Args:
        new: The export, a folder or a graph.
        place: Where it belongs.

    Returns:
        Its files.
    """
    if new.is_dir():
        with new_folder(place) as temporary:
            shutil.copytree(new, temporary, dirs_exist_ok=True)
        return sorted(path for path in place.rglob("*") if path.is_file())
    place.parent.mkdir(exist_ok=True)
    for file in reversed(graph_files(new)):  # the graph last: where it is, its weights are
        file.replace(place.with_suffix(file.suffix))
    return graph_files(place)
