"""Imports of large libraries without Python's search for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Look for no garbage in the block: what it imports stays until the end.

    Prefect or TensorFlow makes 350,000 objects; to look at them again and again while
    they are imported, and when the process ends, takes half a second. Later searches
    leave out what is there when the block ends.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.freeze()
            gc.enable()
