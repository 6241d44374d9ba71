"""Back-translation: engines, there and back through a cache, and filters for what comes back."""

from textcl.translate.engine import BEST, Decoding, Engine, MisalignedError, Translation
from textcl.translate.engines import ENGINES, open_engine
from textcl.translate.filters import PairFilter, Refusal
from textcl.translate.round_trip import RoundTrip, Route
from textcl.translate.work import Work, translated

__all__ = [
    "BEST",
    "ENGINES",
    "Decoding",
    "Engine",
    "MisalignedError",
    "PairFilter",
    "Refusal",
    "RoundTrip",
    "Route",
    "Translation",
    "Work",
    "open_engine",
    "translated",
]
