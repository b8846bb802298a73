"""Imports while the garbage collector is paused."""

import gc
from importlib import import_module

import pytest

from config.quick_imports import quick_imports


def test_the_garbage_collector_goes_on_after_the_block() -> None:
    """Also if the import fails; a block within another one changes nothing."""
    with quick_imports():
        with quick_imports():
            assert not gc.isenabled()
        assert not gc.isenabled()
    with pytest.raises(ImportError), quick_imports():
        import_module("nosuch")
    assert gc.isenabled()
