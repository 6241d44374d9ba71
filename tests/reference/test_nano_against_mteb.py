"""The bundled suite `nano` names the sets, the revisions and the rules of mteb's own tasks."""

import pytest

from textcl.evaluation.suites import read_suite
from textcl.util import installed as shelf

mteb = pytest.importorskip("mteb", reason="needs the extra mteb")


def test_the_nano_suite_holds_the_sets_of_mteb_at_its_revisions_and_with_its_self_match_rule():
    tasks = {task.metadata.dataset["path"]: task for task in mteb.get_benchmark("NanoBEIR").tasks}
    entries = {entry.hub.id: entry for entry in read_suite(shelf.suites_folder() / "nano.yaml").tasks}
    assert entries.keys() == tasks.keys()
    for path, task in tasks.items():
        assert entries[path].hub.revision == task.metadata.dataset["revision"]
        assert [entries[path].hub.split] == task.metadata.eval_splits
        assert entries[path].drops_self == task.ignore_identical_ids
        assert task.metadata.main_score == "ndcg_at_10"
