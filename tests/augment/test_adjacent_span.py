"""AdjacentSpan takes two spans of a document from one draw."""

import random

import pytest

from textcl.augment.adjacent_span import AdjacentSpan
from textcl.data.views import ViewSpec, are_identical, texts_of
from textcl.types.text import Augmentation, Example, Role

DOCUMENT = " ".join(str(number) for number in range(200))


def spans(shortest: int, longest: int, seeds: int = 500) -> list[tuple[range, range]]:
    """The words of the anchor and of the positive, by number."""
    made = []
    for seed in range(seeds):
        one, other = (
            [int(word) for word in AdjacentSpan(side, shortest, longest)(DOCUMENT, random.Random(seed)).split()]
            for side in ("anchor", "positive")
        )
        assert one == list(range(one[0], one[-1] + 1))
        assert other == list(range(other[0], other[-1] + 1))
        made.append((range(one[0], one[-1] + 1), range(other[0], other[-1] + 1)))
    return made


def test_a_positive_touches_its_anchor_overlaps_it_or_lies_inside():
    found = set()
    for anchor, positive in spans(5, 20):
        assert positive.start <= anchor.stop
        assert positive.stop >= anchor.start
        common = len(set(anchor) & set(positive))
        found.add("beside" if not common else "inside" if common == len(positive) else "over")
    assert found == {"beside", "over", "inside"}


def test_the_control_two_draws_of_their_own_lie_far_apart():
    texts = [AdjacentSpan(side, 5, 20)(DOCUMENT, random.Random(at)) for at, side in ((1, "anchor"), (2, "positive"))]
    one, other = ([int(word) for word in text.split()] for text in texts)
    assert max(one[0], other[0]) > min(one[-1], other[-1]) + 1


def test_lengths_follow_the_beta_distributions():
    pairs = spans(1, 60, seeds=1000)
    anchors, positives = ([len(pair[side]) for pair in pairs] for side in (0, 1))
    # means of 4/6 and 2/6 of 60; a standard deviation of 0.18 · 60 words, of the mean 0.34
    assert sum(anchors) / 1000 == pytest.approx(40.5, abs=1.5)
    assert sum(positives) / 1000 == pytest.approx(20.5, abs=1.5)
    assert min(anchors + positives) >= 1
    assert max(anchors + positives) <= 60


def test_in_a_short_document_spans_are_half_of_it_at_most():
    made = {AdjacentSpan("anchor")("a b c d", random.Random(seed)) for seed in range(200)}
    assert made == {"a b", "b c", "c d", "a", "b", "c", "d"}


def test_in_a_short_document_spans_have_at_least_a_quarter_of_its_words():
    text = " ".join(DOCUMENT.split()[:40])
    made = {len(AdjacentSpan("positive")(text, random.Random(seed)).split()) for seed in range(500)}
    assert min(made) == 10
    assert max(made) <= 20


def test_white_space_inside_a_span_stays():
    made = {AdjacentSpan("positive", 2, 2)(" a\tb\nc  d ", random.Random(seed)) for seed in range(100)}
    assert made == {"a\tb", "b\nc", "c  d"}


def test_the_views_of_a_row_share_one_draw_and_rows_and_epochs_do_not():
    views = (
        ViewSpec(Role.ANCHOR, (AdjacentSpan("anchor", 5, 20),)),
        ViewSpec(Role.POSITIVE, (AdjacentSpan("positive", 5, 20),)),
    )
    seen = set()
    for row in range(20):
        for epoch in range(3):
            one, other = ([int(w) for w in v.text.split()] for v in texts_of(Example(row, DOCUMENT), views, 1, epoch))
            assert max(one[0], other[0]) <= min(one[-1], other[-1]) + 1
            seen.add((one[0], one[-1]))
    assert len(seen) > 50


def test_what_follows_a_shared_draw_is_drawn_for_each_view():
    def tagged(text: str, rng: random.Random) -> str:
        return f"{text} {rng.randrange(10**9)}"

    same = ViewSpec(Role.ANCHOR, (AdjacentSpan("anchor", 5, 20), tagged))
    one, other = (view.text.split() for view in texts_of(Example(0, DOCUMENT), (same, same), 1, 0))
    assert one[:-1] == other[:-1]
    assert one[-1] != other[-1]


@pytest.mark.parametrize(("other", "expected"), [("anchor", True), ("positive", False)])
def test_two_views_of_one_side_are_known_to_be_the_same_text(other: str, expected: bool):
    sides: list[Augmentation] = [AdjacentSpan("anchor"), AdjacentSpan(other)]
    views = tuple(ViewSpec(role, (side,)) for role, side in zip((Role.ANCHOR, Role.POSITIVE), sides, strict=True))
    assert are_identical(views, [Example(0, DOCUMENT)]) is expected


@pytest.mark.parametrize("lengths", [(0, 5), (6, 5)])
def test_lengths_out_of_order_are_refused(lengths: tuple[int, int]):
    with pytest.raises(ValueError, match="1 ≤ shortest ≤ longest"):
        AdjacentSpan("anchor", *lengths)


def test_an_unknown_side_is_refused():
    with pytest.raises(ValueError, match="side: found 'first', but it must be anchor or positive"):
        AdjacentSpan("first")
