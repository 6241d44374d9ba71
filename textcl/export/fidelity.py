"""How far an export may be from its model, and how far it is."""

from dataclasses import dataclass

from textcl.encoder.exports import Export
from textcl.export.figures import ExportFigures


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that an export may lose."""

    cosine: float | None  # that each text's two vectors must reach; None: they are of different spaces
    points: float  # of 100, of a task's main metric


_BOUNDS = {
    Export.ONNX: Bound(0.9999, 0.1),
    Export.OPENVINO: Bound(0.9999, 0.1),
    Export.TORCH_BF16: Bound(0.995, 0.5),
    Export.ONNX_INT8: Bound(0.98, 1.0),
    Export.OPENVINO_INT8: Bound(0.98, 1.0),
    Export.STATIC: Bound(None, 25.0),
}


def bound_of(export: Export) -> Bound:
    """Return the bound of a form."""
    return _BOUNDS[export]


def losses(figures: ExportFigures, bound: Bound) -> list[str]:
    """Return in words what an export loses beyond its bound; nothing where it keeps to it.

    What is not a number counts as lost.
    """
    found = []
    if bound.cosine is not None and not (figures.cosine_min is not None and figures.cosine_min >= bound.cosine):
        found.append(f"the least cosine is {figures.cosine_min}, below {bound.cosine}")
    for score in figures.scores:
        lost = 100 * (score.before - score.after)
        if not lost <= bound.points:
            change = f"{100 * score.before:.2f} to {100 * score.after:.2f}"
            found.append(f"{score.task} {score.metric} falls from {change}, by more than {bound.points} points")
    return found
