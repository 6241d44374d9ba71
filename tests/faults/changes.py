"""Changes that make something wrong: of a value inside a mapping, of bytes."""

import copy
import random
from collections.abc import Iterator
from typing import Any

BAD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, -0.5, 2**31, 2**63, 10**30, 10**400, 1e-320, 1e308, float("inf"), float("nan"),
    "", " ", "x", "0", "1e3", "é\u200b", "x" * 5000, "~nobody/x", "/", "..", "[", "{text}", "a/b/c/d", "-x", "#", "@",
    [], {}, [[]], [None], [{}], ["x"], [1, 2], {"x": 1}, {"": 1}, {"use": None}, {"use": ""}, {"use": "InfoNCE"},
    {"use": "TextLines"}, {"use": "SpanCrop"}, {"use": ["InfoNCE"]}, [{"use": "InfoNCE"}], {"use": "os:system"},
    {"use": ":x"}, {"use": "..x:y"}, {"use": "a b:c"}, {"use": "builtins:type"}, {"use": "textcl.data:TextLines"},
    "InfoNCE", "sts", "mteb:x", "sts:nothing.jsonl", "./nothing.yaml", "pkg://", "pkg://os/x", "me/model@",
    "me/model#onnx", "/dev/null", "/dev/zero", "/proc/self/mem", "../../etc/passwd", "$HOME", "!!python/name:os.system",
)  # fmt: skip

Location = tuple[Any, ...]


def locations(value: object, at: Location = ()) -> Iterator[Location]:
    """Yield where every value inside a mapping or a list stands."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, entry in entries:
        yield (*at, name)
        yield from locations(entry, (*at, name))


def changed_value(base: Any, rng: random.Random) -> tuple[str, Any]:
    """Return a copy in which one value is a bad one, or one key is absent, renamed or new; and which."""
    found = copy.deepcopy(base)
    location = rng.choice(list(locations(found)))
    *parents, last = location
    inner = found
    for part in parents:
        inner = inner[part]
    shown = ".".join(map(str, location))
    kind = rng.random()
    if kind < 0.7:
        inner[last] = rng.choice(BAD_VALUES) if kind < 0.6 else _wild(rng)
        return f"{shown}={str(inner[last])[:40]!r}", found
    value = inner.pop(last)
    if kind < 0.85 or not isinstance(last, str):
        return f"{shown} absent", found
    inner[f"{last}{rng.choice(['x', ' ', '.', '_'])}"] = value
    return f"{shown} renamed", found


def _wild(rng: random.Random, depth: int = 0) -> Any:
    if depth == 3 or rng.random() < 0.4:
        return rng.choice(BAD_VALUES)
    if rng.random() < 0.5:
        return [_wild(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    names = ("use", "x", "path", "name", "augment", "objective", "of")
    return {rng.choice(names): _wild(rng, depth + 1) for _ in range(rng.randint(0, 3))}


def changed_bytes(content: bytes, rng: random.Random, pieces: tuple[bytes, ...] = ()) -> tuple[str, bytes]:
    """Return content that is cut, or in which bytes are others, absent, repeated or put in; and what was done.

    Args:
        content: What is changed.
        rng: Draws the change.
        pieces: What may be put in, besides bytes of any value.
    """
    kind = rng.choice(["cut", "empty", "flips", "absent", "repeated", "put in", "put in"])
    start = rng.randrange(len(content) + 1)
    if kind == "cut":
        return f"cut at {start}", content[:start]
    if kind == "empty":
        return "empty", b""
    if kind == "flips" and content:  # an earlier change may have left none
        flipped = bytearray(content)
        for _ in range(rng.randint(1, 8)):
            flipped[rng.randrange(len(content))] = rng.randrange(256)
        return f"bytes {start}…", bytes(flipped)
    end = min(start + rng.randint(1, 64), len(content))
    if kind == "absent":
        return f"bytes {start} to {end} absent", content[:start] + content[end:]
    if kind == "repeated":
        return f"bytes {start} to {end} twice", content[:end] + content[start:]
    piece = rng.choice([*pieces, rng.randbytes(4), b"\x00", b"\xff", b"\n"])
    return f"{piece[:12]!r} at {start}", content[:start] + piece + content[start:]
