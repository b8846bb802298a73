"""Imports without a search for garbage."""

import gc
from importlib import import_module

import pytest

from config.quick_imports import quick_imports


def test_garbage_is_looked_for_again_after_the_block() -> None:
    """Also if the import fails; a block within another one changes nothing."""
    with quick_imports():
        with quick_imports():
            assert not gc.isenabled()
        assert not gc.isenabled()
    with pytest.raises(ImportError), quick_imports():
        import_module("nosuch")
    assert gc.isenabled()
