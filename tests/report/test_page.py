"""The page of a run or an evaluation: what it shows, and that no text can break it."""

import dataclasses
import json
import math
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.table import Table

from tests.report.pages import NASTY, page_data, run_folder
from textcl.errors import DataError, ModelError
from textcl.evaluation.significance import Interval
from textcl.report.page import write_run_page, write_scores_page
from textcl.report.score_rows import DASH
from textcl.report.tables import as_html, as_text
from textcl.util.visible import visible


class Page(HTMLParser):
    """A page as a browser reads it: its elements, and the text of each kind of element."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.words.setdefault(tag, []).append(data)

    def text(self, tag: str = "body") -> str:
        return " ".join(" ".join(self.words.get(tag, [])).split())

    def count(self, tag: str, kind: str = "") -> int:
        return sum(name == tag and kind in [*(found.get("class") or "").split(), ""] for name, found in self.elements)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(write_run_page(run_folder(tmp_path / "run")))


def test_the_head_says_what_was_run(page: Page) -> None:
    assert page.text("h1") == "my-run"
    facts = page.text("dl")
    assert "Matryoshka of InfoNCE (temperature 0.05)" in facts
    assert "a <b> backbone (pooling mean)" in facts
    assert "12,345 rows of TextLines mine.txt" in facts
    assert "30 of 30" in facts
    assert "3e-5, warm-up 6 %, then linear" in facts
    assert "torch 2.13" in facts
    assert "2026-01-02 03:04" in page.text("time")


def test_scores_are_points_with_their_interval_their_p_value_and_a_verdict_in_words(page: Page) -> None:
    rows = page.text("tbody")
    assert "held <out> ndcg@10 40.00 50.00 +10.00 +8.00 … +13.00 < 0.001 ▲ better" in rows
    assert "sts spearman 80.00 80.00 +0.00 \u22122.00 … +3.00 0.400 cannot tell" in rows


def test_a_score_that_does_not_exist_is_a_dash(page: Page) -> None:
    assert "mrr@10 \u2013 \u2013 \u2013 \u2013 \u2013" in page.text("tbody")
    assert "nan" not in page.text().lower().split()


def test_a_report_of_before_verdicts_says_what_its_intervals_say(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    report = json.loads((folder / "report.json").read_text())
    for metrics in report["difference"].values():
        for change in metrics.values():
            del change["p"], change["verdict"]
    (folder / "report.json").write_text(json.dumps(report))
    page = Page(write_run_page(folder))
    assert "+10.00 +8.00 … +13.00 ▲ better" in page.text("tbody")
    assert "permutation" not in page.text()


def test_every_part_of_a_run_is_there(page: Page) -> None:
    assert page.count("svg", "curve") == 9
    assert page.count("svg", "histogram") == 2
    assert page.count("svg", "map") == 2
    assert page.count("circle", "document") == page.count("circle", "query") == len(NASTY)  # half of them, on two maps
    assert "closer than a random one in 95.0 % of cases" in page.text("figure")
    queries = page.text("summary")
    assert "0.00 → 100.00, not found → rank 1" in queries
    assert "100.00 → 50.00, rank 1 → rank 2" in queries
    assert page.count("li", "relevant") == 3


def test_texts_are_shown_as_they_are_and_run_nothing(page: Page) -> None:
    listed = page.text("ol")
    for text in NASTY:
        assert " ".join(visible(text).split()) in listed
    assert page.count("script") == 1
    assert page.count("b") == 0
    assert page.source.count("<script") == 1


def test_control_characters_of_names_are_shown(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    report = (folder / "report.json").read_text().replace("held <out>", "\\u001b]0;owned\\u0007")
    (folder / "report.json").write_text(report)
    source = Page(write_run_page(folder)).source
    assert ">␛]0;owned␇</th>" in source
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", source)


def test_tables_of_a_notebook_read_no_markup_in_names() -> None:
    table = Table("task")
    table.add_row("t[/red]u \x1b[2J<b>")
    assert "t[/red]u ␛[2J<b>" in as_text(table)
    assert "t[/red]u ␛[2J&lt;b&gt;" in as_html(table)


def test_the_page_names_nothing_outside_itself(page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe", "object", "embed"}
        assert not attributes.keys() & {"src", "srcset", "action"}, attributes
        assert attributes.get("href", "data:,") == "data:,"
    assert "url(" not in page.source
    assert "@import" not in page.source


def test_a_run_without_evaluation_has_curves_only(tmp_path: Path) -> None:
    page = Page(write_run_page(run_folder(tmp_path / "run", scored=False)))
    assert page.count("svg", "curve") == 9
    assert page.count("svg", "map") == page.count("table") == page.count("svg", "histogram") == 0
    assert "Scores" not in page.text("h2")


def test_a_run_of_no_steps_has_a_page(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", scored=False, steps=0)
    (folder / "log.jsonl").unlink()
    assert Page(write_run_page(folder)).count("svg") == 0


def test_scores_on_the_way_are_a_curve_beside_the_loss(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    lines = [
        {"step": 10, "dev/spearman": 0.7, "dev/pearson": 0.1},
        {"step": 20, "dev/spearman": 0.8, "dev/pearson": 0.1},
    ]
    (folder / "evaluations.jsonl").write_text("\n".join(map(json.dumps, lines)))
    page = Page(write_run_page(folder))
    assert "loss 2 → 0.06667 · what training lowers dev/spearman 70 → 80" in page.text("figcaption")
    assert "dev/pearson" not in page.text()


def test_leakage_is_told_with_its_copies(tmp_path: Path) -> None:
    copy = {"text": "a <i> text", "found": "A <I> text.", "location": "mine.txt, line 3", "share": 1.0}
    part = {"texts": 1200, "short": 1, "exact": 3, "near": 9, "share": 0.01, "copies": [copy]}
    leakage = {"sts": {"texts": part, "pairs": {"pairs": 600, "both": 2, "together": 1, "same_grade": None}}}
    page = Page(write_run_page(run_folder(tmp_path / "run", leakage=leakage)))
    assert "sts texts 1,200 3 9 1.0 %" in page.text("tbody")
    assert "a <i> text mine.txt, line 3: A <I> text." in page.text("ul")


def test_the_page_of_an_evaluation_has_the_scores_of_its_model(tmp_path: Path) -> None:
    scores = {"sts": {"spearman": Interval(0.8, 0.7, 0.9), "pearson": Interval(math.nan, math.nan, math.nan)}}
    path = tmp_path / "new" / "page.html"
    data = dataclasses.replace(page_data(), models=("model",), similarities={}, map=None, queries={})
    write_scores_page(path, scores, data, [("model", "a/model"), ("suites", "sts")])
    page = Page(path)
    assert page.text("h1") == "a/model"
    assert "sts spearman 80.00 70.00 … 90.00 sts pearson \u2013 \u2013" in page.text("tbody")
    assert page.count("svg", "interval") == 1


def test_a_pipe_in_a_run_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    run = run_folder(tmp_path / "run")
    (run / "run.json").unlink()
    os.mkfifo(run / "run.json")
    with pytest.raises(ModelError, match=r"run\.json is no file, but a pipe or a device"):
        write_run_page(run)


def test_a_folder_that_is_no_run_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"it has no recipe\.yaml.*evaluate MODEL SUITE --html"):
        write_run_page(tmp_path)


@pytest.mark.parametrize("name", ["report.json", "run.json", "page.json"])
@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_file_is_named_and_the_old_page_stays(tmp_path: Path, name: str, content: str) -> None:
    folder = run_folder(tmp_path / "run")
    old = write_run_page(folder).read_bytes()
    (folder / name).write_text(content)
    with pytest.raises(DataError, match=name):
        write_run_page(folder)
    assert (folder / "report.html").read_bytes() == old


@pytest.mark.parametrize(
    "line", ["7", "null", "[1]", '{"a": 1}', '{"step": 1}', '{"step": 1, "steps": 2, "loss": "x"}']
)
def test_a_line_of_another_kind_in_a_log_is_named(tmp_path: Path, line: str) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "log.jsonl").write_text((folder / "log.jsonl").read_text().rpartition("\n")[0] + f"\n{line}\n")
    with pytest.raises(DataError, match=r"log\.jsonl, line 31 cannot be read: .*It is not what textcl train left"):
        write_run_page(folder)


@pytest.mark.parametrize("line", ["7", "[]", '{"sts/spearman": 1}', '{"step": 1, "sts/spearman": "x"}'])
def test_a_line_of_another_kind_among_scores_on_the_way_is_named(tmp_path: Path, line: str) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "evaluations.jsonl").write_text(line)
    with pytest.raises(DataError, match=r"evaluations\.jsonl, line 1 cannot be read"):
        write_run_page(folder)


@pytest.mark.parametrize("change", [{"before": {}}, {"after": 7}, {"leakage": {"sts": {"texts": {"exact": 1}}}}])
def test_a_report_of_another_kind_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    folder = run_folder(tmp_path / "run", **change)
    with pytest.raises(DataError, match=r"report\.json cannot be read: "):
        write_run_page(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recipe.yaml", "data: {batch_size: x}"),
        ("run.json", '{"data": {"rows": "x"}}'),
        ("run.json", '{"packages": 7}'),
        ("exports.json", '[{"format": "onnx"}]'),
        ("exports.json", "7"),
    ],
)
def test_a_file_that_says_something_else_is_named(tmp_path: Path, name: str, content: str) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / name).write_text(content)
    with pytest.raises(DataError, match=name):
        write_run_page(folder)


def test_page_data_that_does_not_fit_together_is_named(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    data = json.loads((folder / "page.json").read_text())
    for change in (
        {"models": ["one"]},
        {"map": {**data["map"], "pairs": [[0, 99]]}},
        {"map": {**data["map"], "texts": []}},
    ):
        (folder / "page.json").write_text(json.dumps({**data, **change}))
        with pytest.raises(DataError, match=r"page\.json cannot be read"):
            write_run_page(folder)


def test_a_page_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    assert write_run_page(folder).read_bytes() == write_run_page(folder).read_bytes()


def test_exports_are_shown_with_what_they_keep_of_the_model(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    int8 = {
        "format": "onnx-int8", "files": ["onnx"], "bytes": 24_533_855, "texts": 9,
        "cosine_mean": 0.99956, "cosine_min": 0.99923,
        "texts_per_second": 300.0, "texts_per_second_original": 200.0,
        "scores": [
            {"task": NASTY[0], "metric": "spearman", "before": 0.8745, "after": 0.8744},
            {"task": "faq", "metric": "ndcg@10", "before": 0.4656, "after": 0.455},
        ],
    }  # fmt: skip
    static = {**int8, "format": "static", "cosine_mean": None, "cosine_min": None, "scores": []}
    (folder / "exports.json").write_text(json.dumps([int8, static]))
    table = "".join(Page(write_run_page(folder)).text("table").split())
    for row in (
        ("onnx-int8", "24.5", "0.99956", "0.99923", f"{NASTY[0]} spearman", "87.45", "87.44", "1.50"),
        ("onnx-int8", "24.5", "0.99956", "0.99923", "faq ndcg@10", "46.56", "45.50", "1.50"),
        ("static", "24.5", *[DASH] * 5, "1.50"),
    ):
        assert "".join("".join(row).split()) in table
