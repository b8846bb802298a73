"""Imports pandas-ta without its compiled functions.

Of the functions that pandas-ta compiles with Numba our indicators use only its moving
average, which gives the same numbers uncompiled. Loading the compiled one takes each
process 0.4 CPU s; compiling it takes seconds, in every process that can't write into
the environment.
"""

import warnings

from numba import config

_disabled, config.DISABLE_JIT = config.DISABLE_JIT, True
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas-ta warns of pandas 4.
        import pandas_ta as ta
finally:
    config.DISABLE_JIT = _disabled

__all__ = ["ta"]
