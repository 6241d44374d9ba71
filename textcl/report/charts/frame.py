"""What stands behind a chart: lines across with their values above them, values along the foot."""

from markupsafe import Markup

from textcl.report.charts.scale import Scale

TOP, FOOT = 16, 22  # pixels above and below the plot


def opened(height: int, label: str, kind: str) -> Markup:
    """Return the start of a chart that readers of the screen hear as one picture."""
    return Markup('<svg class="chart {}" width="100%" height="{}" role="img" aria-label="{}">').format(
        kind, height, label
    )


def across(scale: Scale, height: int) -> Markup:
    """Return a line at each tick of the upright axis, its value written on it."""
    marks = Markup("")
    for tick in scale.ticks():
        y = round(TOP + (height - TOP - FOOT) * (1 - scale.share(tick)), 1)
        marks += Markup('<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/><text x="0" y="{1}">{2}</text>').format(
            y, round(y - 3, 1), scale.label(tick)
        )
    return marks


def foot(scale: Scale, height: int, ticks: list[float] | None = None) -> Markup:
    """Return the values along the foot; those at the ends stay inside the picture."""
    marks = Markup("")
    for tick in scale.ticks() if ticks is None else ticks:
        share = scale.share(tick)
        anchor = "start" if share < 0.06 else "end" if share > 0.94 else "middle"
        marks += Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
            scale.percent(tick), height - 5, anchor, scale.label(tick)
        )
    return marks


def plot(height: int) -> Markup:
    """Return the start of the plot within a chart: 1000 by 1000, stretched to the width there is."""
    return Markup(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 1000 1000" preserveAspectRatio="none" '
        'overflow="visible">'
    ).format(TOP, height - TOP - FOOT)
