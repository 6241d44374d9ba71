"""What the data of a run looks like before anything trains."""

from tests.data.sources import Rows, anchors
from tests.data.tokens import tokenize
from textcl.augment.case_noise import CaseNoise
from textcl.augment.cutoff import TokenCutoff
from textcl.augment.token_shuffle import TokenShuffle
from textcl.augment.word_swap import WordSwap
from textcl.data.preview import length_distribution, preview, sample_originals
from textcl.data.views import RowReader, ViewSpec, ViewText, default_views
from textcl.types.text import Example, Role


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


def test_a_preview_shows_the_views_of_three_rows_with_their_locations():
    source = Rows(*(Example(0, f"a{row}", (f"p{row}",)) for row in range(50)))
    rows = preview(source, default_views(source[0]), seed=1)
    assert len({row.location for row in rows}) == 3
    for row in rows:
        number = row.location.removeprefix("rows, row ")
        assert [(view.role, *view.draws) for view in row.views] == [
            (Role.ANCHOR, ViewText(f"a{number}", f"a{number}")),
            (Role.POSITIVE, ViewText(f"p{number}", f"p{number}")),
        ]


def test_a_preview_of_two_rows_shows_both():
    assert len(preview(anchors(2), default_views(anchors(2)[0]), seed=1)) == 2


def test_a_preview_names_what_changes_the_input_of_a_view():
    views = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE, input=(TokenCutoff(), TokenShuffle())))
    assert [view.input for view in preview(anchors(2), views, seed=1)[0].views] == ["", "TokenCutoff, TokenShuffle"]


def test_a_preview_shows_what_the_first_epochs_make_of_a_view_that_changes_its_text():
    views = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE, (CaseNoise(1.0),)))
    reader = RowReader(anchors(2), views, seed=1)
    rows = preview(anchors(2), views, seed=1, epochs=4)
    assert [len(view.draws) for view in rows[0].views] == [1, 4]
    for number, row in enumerate(rows):
        assert list(row.views[1].draws) == [reader.read(number, epoch).texts[1] for epoch in range(4)]


def test_it_is_counted_how_many_texts_a_view_changes():
    source = Rows(*(Example(0, "word" if row % 4 else "two words") for row in range(40)))
    views = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE, (WordSwap(),)))
    assert length_distribution(source, views, tokenize, max_length=9, seed=1).changed_shares == (0.0, 0.25)


def test_the_texts_that_views_start_from_are_sampled_unchanged():
    source = Rows(*(Example(0, f"a{row}", (f"p{row}",)) for row in range(5)))
    views = (ViewSpec(Role.ANCHOR, (CaseNoise(1.0),)), ViewSpec(Role.POSITIVE))
    assert sample_originals(source, views, 1) == ([f"a{row}" for row in range(5)], [f"p{row}" for row in range(5)])
    assert [len(texts) for texts in sample_originals(anchors(5000), views, 1)] == [1000, 1000]
