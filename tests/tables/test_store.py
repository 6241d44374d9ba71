"""Results that several processes add to."""

import json
import multiprocessing
from pathlib import Path

from store import Store


def _keep_many(path: Path, name: str) -> None:
    for number in range(20):
        Store(path, lambda results, page: None).keep("runs", f"{name}-{number}", number)


def test_no_result_is_lost_when_processes_add_at_once(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    processes = [multiprocessing.Process(target=_keep_many, args=(path, name)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(json.loads(path.read_text())["runs"]) == 40


def test_the_page_is_written_of_all_results(tmp_path: Path) -> None:
    store = Store(tmp_path / "table.json", lambda results, page: page.write_text(str(results["runs"])) and None)
    store.keep("runs", "first", 1)
    store.keep("runs", "second", 2)
    assert (tmp_path / "table.md").read_text() == "{'first': 1, 'second': 2}"
