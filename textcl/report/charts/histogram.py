"""Two histograms over one another: cosines of texts that belong together, and of random pairs."""

from collections.abc import Sequence

from markupsafe import Markup

from textcl.report.charts.axes import Scale, foot, opened, plot

HEIGHT = 150
Counts = Sequence[int]


def histogram_chart(positives: Counts, randoms: Counts, scale: Scale, label: str) -> Markup:
    """Return the picture of both, each scaled to its own highest bin, as there are more of one than of the other.

    Args:
        positives: Counts of equal bins from -1 to 1; drawn filled. It may have no pairs.
        randoms: The same of random pairs; drawn as a dashed outline.
        scale: The cosines at both ends of the picture.
        label: What it shows, in words.
    """
    return (
        opened(HEIGHT, label, "histogram")
        + plot(HEIGHT)
        + _steps(positives, scale, "positives")
        + _steps(randoms, scale, "randoms")
        + Markup("</svg>")
        + Markup('<line class="base" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(HEIGHT - 22)
        + foot(scale, HEIGHT)
        + Markup("</svg>")
    )


def occupied(histograms: Sequence[Counts]) -> Scale:
    """Return the part of -1 to 1 in which any histogram has pairs, to the next tenth."""
    bins = len(histograms[0])
    filled = [number for number in range(bins) if any(counts[number] for counts in histograms)] or [0, bins - 1]
    low, high = -1 + 2 * filled[0] / bins, -1 + 2 * (filled[-1] + 1) / bins
    return Scale(_floor(low), -_floor(-high))


def _floor(value: float) -> float:
    """Return the tenth at or below a value."""
    return round((value * 10 + 1e-9) // 1 / 10, 1)


def _steps(counts: Counts, scale: Scale, kind: str) -> Markup:
    highest = max(counts)
    if not highest:
        return Markup("")
    shown = [number for number, count in enumerate(counts) if count]
    places = [f"{_edge(shown[0], counts, scale):g},1000"]
    for number in range(shown[0], shown[-1] + 1):
        height = round(1000 * (1 - counts[number] / highest), 1)
        places += [f"{_edge(side, counts, scale):g},{height:g}" for side in (number, number + 1)]
    places.append(f"{_edge(shown[-1] + 1, counts, scale):g},1000")
    return Markup('<polyline class="{}" points="{}"/>').format(kind, " ".join(places))


def _edge(number: int, counts: Counts, scale: Scale) -> float:
    """Return where the left edge of a bin lies in the plot."""
    return round(1000 * scale.share(-1 + 2 * number / len(counts)), 1)
