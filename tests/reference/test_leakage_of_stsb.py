"""Known overlaps of published sets: STS-B's training part is drawn from STS12 to STS16."""

from pathlib import Path

from textcl.evaluation.leakage import find_leakage
from textcl.evaluation.run import texts_of
from textcl.evaluation.suites import load_suite
from textcl.workflows.leaks import rows_of_file


def test_stsb_train_holds_half_of_sts14(shared_data: Path) -> None:
    """3,346 of 6,341 distinct sentences overlap; two of them are of a few letters."""
    tasks = texts_of(load_suite("sts", shared_data))
    found = find_leakage(tasks, rows_of_file(shared_data / "sts" / "stsb-train.jsonl.gz"))
    part = found["sts14"].parts["texts"]
    assert (part.texts, part.short, len(part.exact)) == (6341, 2, 3346)
    assert found["sts14"].pairs is not None
    assert found["sts14"].pairs.same_grade == 1856


def test_text_that_was_filtered_against_sts_leaks_nothing(shared_data: Path) -> None:
    tasks = texts_of(load_suite("sts", shared_data))
    found = find_leakage(tasks, rows_of_file(shared_data / "sentences" / "wiki1m-head.txt.gz"))
    assert [name for name, leakage in found.items() if leakage.leaks] == []
