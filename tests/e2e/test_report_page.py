"""`report.html` in a real browser: light and dark, wide and narrow, by mouse and by keyboard."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.pages import NASTY, run_folder
from textcl.report.page import write_run_page

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra textcl[dev]")
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("needs the program chromium", allow_module_level=True)
SCHEMES, WIDTHS = ("light", "dark"), (1280, 360)
OPEN_ALL = "for (const part of document.querySelectorAll('details')) part.open = true"
# Of each chart of a kind: what it says it is, and the size of its first mark.
SIZES = """([chart, mark]) => [...document.querySelectorAll(chart)].map((found) => {
  const box = found.querySelector(mark)?.getBoundingClientRect();
  return [found.getAttribute("aria-label"), box?.width ?? 0, box?.height ?? 0];
})"""
# Texts as they are painted: the colour of each, and that of what is behind it.
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92
    : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = parts(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element), back = light(behind(element));
    const front = light(parts(element.closest("svg") ? style.fill : style.color));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    found.push([ratio, element.tagName + "." + element.className, element.textContent.slice(0, 30)]);
  }
  return found.sort((one, other) => one[0] - other[0]);
}"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = {"text": "a text", "found": "A text.", "location": "mine.txt, line 3", "share": 1.0}
    part = {"texts": 1200, "short": 1, "exact": 3, "near": 9, "share": 0.01, "copies": [copy]}
    folder = tmp_path_factory.mktemp("runs") / "run"
    return write_run_page(run_folder(folder, leakage={"sts": {"texts": part, "pairs": None}}))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(
    scope="module",
    params=[(scheme, width) for scheme in SCHEMES for width in WIDTHS],
    ids=lambda it: f"{it[0]}-{it[1]}",
)
def opened(request: pytest.FixtureRequest, browser: Any, page_file: Path) -> Iterator[Any]:
    """The page, opened once for all tests; whatever it complains of or asks the network for is a failure."""
    scheme, width = request.param
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    page.goto(page_file.as_uri())
    yield page
    assert [complaint for complaint in complaints if complaint not in {page_file.as_uri(), "data:,"}] == []
    page.close()


def test_the_page_is_as_wide_as_the_window(opened: Any) -> None:
    opened.evaluate(OPEN_ALL)
    width = opened.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_no_text_breaks_the_page(opened: Any) -> None:
    assert opened.title() == "my-run · textcl"
    listed = opened.locator("#texts li").all_text_contents()
    assert listed == [text.replace("\u2028", "\ufffd") for text in NASTY]  # it would break a line of a script


def test_every_chart_is_there_and_holds_something(opened: Any) -> None:
    kinds = {"curve": "polyline", "histogram": "polyline", "interval": "circle", "map": "circle"}
    for kind, mark in kinds.items():
        charts = opened.evaluate(SIZES, [f"main svg.{kind}", mark])
        assert charts, kind
        for label, width, height in charts:
            assert label
            assert width + height > 0 or "\u2013 (\u2013)" in label  # a score that does not exist


def test_texts_stand_out_from_what_is_behind_them(opened: Any) -> None:
    opened.evaluate(OPEN_ALL)
    opened.locator("svg.map circle").first.focus()
    contrasts = opened.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert contrasts[0][0] >= 4.5, contrasts[:3]


def test_the_page_follows_the_scheme(opened: Any) -> None:
    is_dark = opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(int(part) for part in re.findall(r"\d+", paper)) < 40) == is_dark


def test_pointing_at_a_point_shows_its_text_and_what_belongs_to_it(opened: Any) -> None:
    tip = opened.locator("#tip")
    opened.evaluate("document.activeElement.blur()")
    assert tip.is_hidden()
    point = opened.locator("svg.map").nth(1).locator("circle").nth(1)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert tip.locator("span").all_text_contents() == [NASTY[1], NASTY[5]]
    assert opened.locator("svg.map circle.there").count() == 2  # on both maps
    shown = tip.bounding_box()
    assert shown["x"] >= 0
    assert shown["x"] + shown["width"] <= opened.viewport_size["width"]
    opened.mouse.move(1, 1)
    assert tip.is_hidden()


def test_the_keyboard_reaches_and_walks_a_map(opened: Any) -> None:
    opened.locator("svg.map circle").first.focus()
    shown = opened.locator("#tip span").first
    assert shown.text_content() == NASTY[0]
    opened.keyboard.press("ArrowRight")
    assert shown.text_content() == NASTY[1]
    opened.keyboard.press("ArrowLeft")
    opened.keyboard.press("ArrowLeft")
    assert shown.text_content() == NASTY[-1]
    opened.keyboard.press("Escape")
    assert opened.locator("#tip").is_hidden()


def test_pointing_at_a_curve_reads_its_step(opened: Any) -> None:
    chart = opened.locator("svg.curve").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    note = opened.locator("figure:has(svg.curve) .note").first
    before = note.text_content()
    opened.mouse.move(box["x"] + box["width"] - 1, box["y"] + 40)
    assert note.text_content() == "step 30: 0.06667"
    opened.mouse.move(1, 1)
    assert note.text_content() == before


def test_paper_has_everything_open(opened: Any) -> None:
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(part.evaluate("part => part.open") for part in opened.locator("details").all())


def test_no_other_script_may_run(browser: Any, page_file: Path) -> None:
    """A control: were a text ever let through as it is, the browser would still not run it."""
    page = browser.new_page()
    held = page_file.with_name("held.html")
    held.write_text(page_file.read_text(encoding="utf-8").replace("</h1>", f"</h1>{NASTY[0]}", 1), encoding="utf-8")
    page.goto(held.as_uri())
    assert page.title() == "my-run · textcl"
    page.close()
