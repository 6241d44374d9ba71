"""Texts as points of a plane, lines between those that belong together."""

from collections.abc import Sequence

from markupsafe import Markup

HEIGHT = 420
Place = tuple[float, float]


def scatter_chart(
    places: Sequence[Place], is_document: Sequence[bool], pairs: Sequence[tuple[int, int]], label: str
) -> Markup:
    """Return the map of one model.

    The points are in the order of the texts, and the first can be reached by the keyboard; the page's script leads on
    to the others and shows their texts.

    Args:
        places: Of each text, 0–1 each way.
        is_document: Whether the text is searched for; others are drawn hollow.
        pairs: Positions of texts that belong together.
        label: What the map shows, in words.
    """
    drawn = Markup('<svg class="chart map" width="100%" height="{}" role="group" aria-label="{}">').format(
        HEIGHT, label
    )
    drawn += Markup("").join(_line(places[one], places[other], one, other) for one, other in pairs)
    drawn += Markup("").join(
        Markup('<circle class="{}" cx="{}" cy="{}" r="4" tabindex="{}"/>').format(
            "document" if document else "query", _percent(x), _percent(y), 0 if number == 0 else -1
        )
        for number, ((x, y), document) in enumerate(zip(places, is_document, strict=True))
    )
    return drawn + Markup("</svg>")


def _line(one: Place, other: Place, first: int, second: int) -> Markup:
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" data-pair="{} {}"/>').format(
        *(_percent(value) for value in (*one, *other)), first, second
    )


def _percent(share: float) -> str:
    """Leave room for half a point at the borders."""
    return f"{1.5 + 97 * share:.2f}%"
