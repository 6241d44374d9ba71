"""Memory that the C library holds although nothing is in it."""

import ctypes


def give_back_memory() -> None:
    """Return free memory to the system, where the C library can (glibc); elsewhere it does so by itself.

    Tensors of ever other sizes leave gaps in the heap that are not given back otherwise: a process that embeds for
    hours would grow. It takes some 15 ms.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
