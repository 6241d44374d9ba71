"""Memory that nothing is in goes back to the system."""

import ctypes
import sys
from pathlib import Path

import pytest

from textcl.util.processes import give_back_memory

MIB = 1 << 20


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc only")
def test_gaps_in_the_heap_are_given_back() -> None:
    kept = [bytes(60_000) for _ in range(4000)]  # 240 MB, in pieces too small for pages of their own
    gaps, kept = kept[::2], kept[1::2]
    del gaps
    before = resident_bytes()
    give_back_memory()
    assert resident_bytes() < before - 60 * MIB
    assert len(kept) == 2000
