"""The guide to failures: its numbers are the defaults, its settings are there."""

import re
from pathlib import Path

from config.settings import Settings

GUIDE = (Path(__file__).parents[2] / "docs" / "failures.md").read_text(encoding="utf-8")


def test_the_guides_numbers_are_the_defaults() -> None:
    """Seconds, requests and factors in the text are those of the settings."""
    prices = Settings().prices
    assert f"{prices.retry_seconds:g} s in all for a run (`retry_seconds`" in GUIDE
    assert f"a request ends after {prices.request_timeout_seconds:g} s" in GUIDE
    assert f"it needs after {prices.question_timeout_seconds:g} s" in GUIDE
    assert f"over {prices.jump_multiple:g} times".replace("8", "eight") in GUIDE
    assert prices.give_up_after == 10
    assert "ten requests in a row" in GUIDE
    assert prices.max_move_factor == 5
    assert "over five times or under a fifth" in GUIDE


def test_every_setting_named_is_one() -> None:
    """A reader finds what the guide names."""
    sections = [Settings().prices, Settings().models]
    known = {name for section in sections for name in type(section).model_fields}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", GUIDE))
    codes = {"data_source", "rate_limited", "unknown_symbol"}
    assert named - codes <= known
    assert named & known
