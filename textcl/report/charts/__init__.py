"""Charts as inline SVG, a kind a file; places are shares of the width, so text keeps its size at any width."""

from textcl.report.charts.axes import Scale
from textcl.report.charts.curve import Curve, curve_chart
from textcl.report.charts.histogram import histogram_chart
from textcl.report.charts.points import axis_chart, interval_chart, scatter_chart

__all__ = ["Curve", "Scale", "axis_chart", "curve_chart", "histogram_chart", "interval_chart", "scatter_chart"]
