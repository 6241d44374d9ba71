"""From a docstring to its summary and the prose below it."""

import pytest

from textcl.data.sources.docstring_text import plain, summary_and_prose

NUMPY_STYLE = """Solve the equation ``a @ x = b``
    for the unknown :func:`x <solve.x>`.

    If the data matrix is known to be of a *particular* type, then supplying
    the corresponding string makes use of a `dedicated` solver [1]_.

    .. versionadded:: 1.2
       Not in the prose at all, whatever it says here.

    .. deprecated:: 1.3

    Parameters
    ----------
    a : (N, N) array_like
        Square input data for the equation.

    This stands among the parameters.

    Notes
    -----
    The computation relies on routines of **LAPACK**, see `the guide <https://x.y>`_.

    - a bullet of the list
    - another bullet

    >>> solve(a, b)
    array([1, 2])

    ::

        indented code is not prose at all

    Examples
    --------
    Here is some prose of the examples.
    """

GOOGLE_STYLE = """Reads a table from a file.

    The file must have a header, and all the rows must be of one length.
    Args:
        path: Where the file is to be found on the disk.

        rows: How many of the rows are read.

    Returns:
        A table with the rows of the file.

    It is closed again when all of it is read.

    ```python
    read("a.csv")  # the code of an example that is in a fence
    ```
    :param path: in the third style, where it is all the same
    :raises OSError: if it is not there
    """


def test_numpy_style_keeps_description_and_notes_without_marks():
    assert summary_and_prose(NUMPY_STYLE) == (
        "Solve the equation a @ x = b for the unknown x.",
        "If the data matrix is known to be of a particular type, then supplying the corresponding string makes use of "
        "a dedicated solver. The computation relies on routines of LAPACK, see the guide.",
    )


def test_google_style_and_field_lists_keep_the_description():
    assert summary_and_prose(GOOGLE_STYLE) == (
        "Reads a table from a file.",
        "The file must have a header, and all the rows must be of one length. "
        "It is closed again when all of it is read.",
    )


def test_a_first_paragraph_of_several_sentences_gives_its_first_one_as_summary():
    pair = summary_and_prose("Sort the list, e.g. `a`. The order of equal items is kept, as is the order of the rest.")
    assert pair == ("Sort the list, e.g. a.", "The order of equal items is kept, as is the order of the rest.")


def test_a_leading_signature_is_no_summary():
    pair = summary_and_prose(
        "abs(input, *, out=None) -> Tensor\n\nComputes the absolute value.\n\n" + "It is of the input. " * 3
    )
    assert pair is not None
    assert pair[0] == "Computes the absolute value."


PROSE = "\n\nThis is the prose of the function, and it is long enough to be kept."


@pytest.mark.parametrize(
    "docstring",
    [
        "",
        "   \n ",
        "Only a summary line.",
        "Too little prose.\n\nSee the docs.",
        "Short." + PROSE,
        "Return the %(klass)s of this object." + PROSE,
        "Return the {klass} of this object." + PROSE,
        "{x_1, x_2} + [3, 4] / 5 = (a_b)" + PROSE,
        "Berechnet die Summe der Zeilen.\n\nDie Zeilen werden addiert und als Liste wieder ausgegeben, ohne Ende.",
        "Do only what is listed.\n\nParameters\n----------\nAll parameters of this function are in the list of a form.",
    ],
)
def test_what_is_too_short_a_template_or_no_english_prose_is_left_out(docstring: str):
    assert summary_and_prose(docstring) is None


def test_the_same_words_as_prose_are_kept():
    assert summary_and_prose("Return the sum of this object." + PROSE) is not None


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("``x`` and `y` and ``a[i]``", "x and y and a[i]"),
        (":class:`~torch.nn.Linear` or :py:meth:`!fit`", "Linear or fit"),
        (":ref:`the guide <guide>` and `here <https://a.b/c>`__", "the guide and here"),
        ("**strong**, *weak* and 2 * 3 * 4, 2**3**4", "strong, weak and 2 * 3 * 4, 2**3**4"),
        ("see [the docs](https://a.b/c) at https://d.e/f .", "see the docs at."),
        ("after Knuth [1]_ and [Kn97]_.", "after Knuth and."),
        ("as follows::", "as follows:"),
        ("a file `.json` and *args or **kwargs", "a file .json and *args or **kwargs"),
        ("|sub| of a\\_b \\*c", "sub of a_b *c"),
    ],
)
def test_marks_become_what_a_reader_sees(marked: str, expected: str):
    assert plain(marked) == expected
