"""Pairs by margin: equal to a naive loop, once each, best first."""

import json
from pathlib import Path

import numpy as np
import pytest

import textcl
from tests.cli.running import run
from tests.tiny import SENTENCES, tiny_encoder

K = 4


def naive(vectors: np.ndarray, others: np.ndarray | None) -> dict[tuple[int, int], float]:
    """Return the margin of every pair of which one is among the nearest of the other, in float64."""
    left, right = vectors.astype(np.float64), (vectors if others is None else others).astype(np.float64)
    cosines = left @ right.T
    if others is None:
        np.fill_diagonal(cosines, -np.inf)
    near_left = [np.argsort(-row, kind="stable")[:K] for row in cosines]
    near_right = [np.argsort(-column, kind="stable")[:K] for column in cosines.T]
    found = {}
    for i in range(len(left)):
        for j in range(len(right)):
            if j in near_left[i] or i in near_right[j]:
                mean = (cosines[i, near_left[i]].mean() + cosines[near_right[j], j].mean()) / 2
                found[i, j] = cosines[i, j] / mean
    return found


def test_paraphrases_within_a_file_are_all_pairs_of_neighbours_by_margin(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join([*SENTENCES, SENTENCES[0]]) + "\n")
    encoder = tiny_encoder()
    found = textcl.pairs(tmp_path / "texts.txt", encoder, least=-10, precision="float32")
    texts = list(dict.fromkeys(SENTENCES))
    expected = {pair: margin for pair, margin in naive(encoder.encode(texts), None).items() if pair[0] < pair[1]}
    by_texts = {(texts[i], texts[j]): margin for (i, j), margin in expected.items()}
    assert {(pair.first, pair.second) for pair in found} == set(by_texts)
    assert [pair.margin for pair in found] == sorted((pair.margin for pair in found), reverse=True)
    for pair in found:
        assert pair.margin == pytest.approx(by_texts[pair.first, pair.second], abs=1e-5)


def test_between_two_files_a_text_is_in_one_pair_at_most_and_the_best_is_the_naive_best(tmp_path: Path) -> None:
    english, other = list(SENTENCES), [f"{text} today" for text in SENTENCES]
    (tmp_path / "en.txt").write_text("\n".join(english) + "\n")
    (tmp_path / "de.txt").write_text("\n".join(other) + "\n")
    encoder = tiny_encoder()
    found = textcl.pairs(tmp_path / "en.txt", encoder, tmp_path / "de.txt", least=0, precision="float32")
    expected = naive(encoder.encode(english), encoder.encode(other))
    best = max(expected, key=lambda pair: expected[pair])
    assert (found[0].first, found[0].second) == (english[best[0]], other[best[1]])
    assert found[0].margin == pytest.approx(expected[best], abs=1e-5)
    assert len({pair.first for pair in found}) == len({pair.second for pair in found}) == len(found)


def test_the_command_writes_pairs_above_the_margin_and_a_page(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_encoder().save("model")
    Path("texts.txt").write_text("\n".join(SENTENCES) + "\n")
    done = run(capsys, "pairs", "texts.txt", "--model", "model", "--least", 1.0, "--out", "p.jsonl", "--html", "p.html")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in Path("p.jsonl").read_text().splitlines()]
    assert rows
    assert all(row["margin"] >= 1.0 for row in rows)
    assert f"{len(rows):,} pairs of margin 1 or more" in done.out
    assert Path("p.html").read_text().count('<tr class="first">') == len(rows)
    again = run(capsys, "pairs", "texts.txt", "--model", "model", "--out", "p.jsonl")
    assert (again.code, "is there already" in again.err) == (1, True)


def test_one_text_has_no_pair(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "model")
    (tmp_path / "texts.txt").write_text("once\nonce\n")
    failed = run(capsys, "pairs", tmp_path / "texts.txt", "--model", tmp_path / "model")
    assert failed.code == 1
    assert "1 distinct text; pairs are looked for among two or more" in failed.err


def test_two_texts_are_a_pair(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("a cat\na dog\n")
    (pair,) = textcl.pairs(tmp_path / "texts.txt", tiny_encoder(), least=0)
    assert pair.margin == pytest.approx(1.0, abs=1e-6)


def test_a_column_that_is_not_there_is_answered_with_the_option_that_names_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tiny_encoder().save(tmp_path / "model")
    (tmp_path / "texts.csv").write_text("subject\na cat\na dog\n")
    words = ["pairs", tmp_path / "texts.csv", "--model", tmp_path / "model"]
    assert "no column 'text'; there are subject. Name the right one with --text-column." in run(capsys, *words).err
    assert run(capsys, *words, "--text-column", "subject").code == 0
