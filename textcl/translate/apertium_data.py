"""The language pairs of Apertium: what their modes and Debian packages are called, and what their files hold."""

import hashlib
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from textcl.translate.language_codes import THREE_LETTERS, exact_code, short_code

_PACKAGES = {
    frozenset({"en", "eo"}): "apertium-eo-en",
    frozenset({"en", "es"}): "apertium-eng-spa",
    frozenset({"en", "ca"}): "apertium-eng-cat",
    frozenset({"en", "gl"}): "apertium-en-gl",
}
_QUOTED = re.compile(r"'([^']+)'")


def mode_names(source: str, target: str) -> Iterator[str]:
    """Yield what the mode of a direction may be called: pairs have codes of two letters or of three."""
    for codes in product(_codes(source), _codes(target)):
        yield "-".join(codes)


def install_hint(source: str = "en", target: str = "eo") -> str:
    """Say which Debian package has a pair, as far as it is known to translate well enough both ways."""
    package = _PACKAGES.get(frozenset({short_code(source), short_code(target)}))
    if package is None:
        known = ", ".join(sorted(code for pair in _PACKAGES for code in pair - {"en"}))
        return f"For English it has the pivots {known}; other languages need another engine, such as marian."
    return f"apt-get install --no-install-recommends apertium {package}"


def digest_of_mode(program: Path, mode: str) -> str:
    """Digest the pipeline of a mode and the files that it names; other dictionaries are another digest."""
    digest = hashlib.blake2b(digest_size=8)
    file = program.parent.parent / "share" / "apertium" / "modes" / f"{mode}.mode"
    if file.is_file():
        pipeline = file.read_text(encoding="utf-8")
        digest.update(pipeline.encode())
        for name in _QUOTED.findall(pipeline):
            digest.update(Path(name).read_bytes() if Path(name).is_file() else b"")
    return digest.hexdigest()


def _codes(language: str) -> tuple[str, ...]:
    short = exact_code(language)
    return (short, THREE_LETTERS[short]) if short in THREE_LETTERS else (language,)
