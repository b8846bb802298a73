"""What the shell completes: names of stock lists, and symbols."""

import os
from collections.abc import Iterable

import typer

from config.errors import OvernightError
from config.universes import UNIVERSES


def complete_list(context: typer.Context, incomplete: str) -> list[str]:
    """Return the built-in lists and the user's own that begin with `incomplete`."""
    return _matches(_lists(context), incomplete)


def complete_symbol(context: typer.Context, incomplete: str) -> list[str]:
    """Return the symbols of all lists that begin with `incomplete`."""
    symbols = {one for members in _lists(context).values() for one in members}
    return _matches(sorted(symbols), incomplete)


def _matches(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _lists(context: typer.Context) -> dict[str, tuple[str, ...]]:
    """Return the lists of the home; the built-in ones if it can't be read."""
    from storage.home import Home  # noqa: PLC0415  only a completion needs it
    from storage.settings_file import read_settings  # noqa: PLC0415

    home = context.params.get("home") or os.environ.get("OVERNIGHT_HOME") or "."
    try:
        return read_settings(Home.at(home).root).all_universes
    except OvernightError:
        return UNIVERSES
