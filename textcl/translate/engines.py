"""The engines by name."""

from textcl.errors import ModelError
from textcl.translate.engine import Engine

ENGINES = ("apertium", "marian", "ctranslate2", "m2m100", "nllb")
_MANY = {"m2m100": "facebook/m2m100_418M", "nllb": "facebook/nllb-200-distilled-600M"}


def open_engine(name: str, model: str | None = None, device: str | None = None) -> Engine:
    """Open an engine; its models are loaded when they are first asked for.

    Args:
        name: One of `ENGINES`.
        model: Hub id or folder; None: the engine's usual model.
        device: Where a neural engine works; None: CUDA if there is one, else the CPU.

    Raises:
        ModelError: The engine takes no model, or needs one.
    """
    if name == "apertium":
        from textcl.translate.apertium import Apertium

        if model or device:
            raise ModelError("Apertium translates by rules, on the CPU; it takes neither a model nor a device.")
        return Apertium()
    if name == "marian":
        from textcl.translate.seq2seq import HELSINKI, Marian

        return Marian(model or HELSINKI, device)
    if name == "ctranslate2":
        from textcl.translate.ctranslate2 import CTranslate2

        if model is None:
            raise ModelError("CTranslate2 needs a converted model: name its folders, opus-mt-{source}-{target}.")
        return CTranslate2(model, device)
    if name in _MANY:
        from textcl.translate.seq2seq import ManyToMany

        return ManyToMany(name, model or _MANY[name], device)
    raise ModelError(f"There is no engine {name!r}; there are {', '.join(ENGINES)}.")
