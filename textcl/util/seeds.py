"""Seeds derived from names: the same place in a run always draws the same numbers, with no state to keep."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive(seed: int, *names: int | str) -> int:
    """Return a 63-bit seed for a place in a run, such as `derive(17, "dropout", step, rank, chunk)`."""
    location = ":".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(location.encode(), digest_size=8).digest(), "big") >> 1


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's generators (CPU, and those of a GPU in use) for a block and put their state back after it."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices), _kept_on_mps():
        if torch.accelerator.is_available():
            torch.manual_seed(seed)
        else:  # `torch.manual_seed` keeps a traceback for an accelerator that may come: milliseconds at each call
            torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def _kept_on_mps() -> Iterator[None]:
    """Put the state of the generator of Apple's GPU back after a block; `fork_rng` knows no such device."""
    if not torch.backends.mps.is_available():
        yield
        return
    state = torch.mps.get_rng_state()
    try:
        yield
    finally:
        torch.mps.set_rng_state(state)
