"""Imports of large libraries while Python's garbage collector is paused."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Pause the garbage collector in the block.

    Prefect or TensorFlow makes 350,000 objects that stay as long as the process. The
    collector takes half a second to examine them again and again, while they are made
    and when the process ends. It examines none of them after the block.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()
