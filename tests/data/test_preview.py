"""What the data of a run looks like before anything trains."""

from tests.data.sources import Rows, anchors
from tests.data.tokens import tokenize
from textcl.augment import TokenCutoff, TokenShuffle
from textcl.data import ViewSpec, default_views, length_distribution, preview
from textcl.types import Example, Role


def test_lengths_are_counted_over_all_views():
    source = Rows(*(Example(0, "w " * (row + 1), ("one two three",)) for row in range(10)))
    # With the leading token anchors have 2 … 11 tokens, positives 4.
    found = length_distribution(source, default_views(source[0]), tokenize, max_length=9, seed=1)
    assert (found.rows, found.sampled) == (10, 10)
    assert found.percentiles == {50: 4, 90: 10, 99: 11, 100: 11}
    assert found.cut_share == 2 / 20  # those of 10 and 11 tokens


def test_at_most_a_thousand_rows_are_read():
    source = anchors(5000)
    found = length_distribution(source, default_views(source[0]), tokenize, max_length=64, seed=1)
    assert (found.rows, found.sampled, found.cut_share) == (5000, 1000, 0.0)


def test_a_preview_shows_the_views_of_three_rows_with_their_places():
    source = Rows(*(Example(0, f"a{row}", (f"p{row}",)) for row in range(50)))
    rows = preview(source, default_views(source[0]), seed=1)
    assert len({row.place for row in rows}) == 3
    for row in rows:
        number = row.place.removeprefix("rows, row ")
        assert row.views == ((Role.ANCHOR, f"a{number}"), (Role.POSITIVE, f"p{number}"))


def test_a_preview_of_two_rows_shows_both():
    assert len(preview(anchors(2), default_views(anchors(2)[0]), seed=1)) == 2


def test_a_preview_names_what_changes_the_input_of_a_view():
    views = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE, input=(TokenCutoff(), TokenShuffle())))
    assert preview(anchors(2), views, seed=1)[0].inputs == ("", "TokenCutoff, TokenShuffle")
