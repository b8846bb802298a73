"""Whether anybody can act on a call: does the stock move, and does it trade? Pure.

A call on a stock that can't be traded, or that hardly moves, is worth nothing (SPEC 7).
London quotes shares in pence (GBp); their turnover is compared in pounds.
"""

from collections.abc import Mapping
from typing import Any

from config.settings import BlendSettings
from features.trading_activity import TRADED_SESSIONS

NOT_TRADABLE = "nobody can act on it: "
"""What a row's `reason` says before the reason why its call is not tradable."""

_IDLE = "it does not trade now: "

_PENCE = {"GBp": ("GBP", 100), "GBX": ("GBP", 100)}


def why_not_tradable(row: Mapping[str, Any], settings: BlendSettings) -> str:
    """Return why nobody can act on the row's call, '' if somebody can.

    Reads `return_scale`, `traded_share_60d` and `median_turnover_20d`, and from
    `reason` whether the last sessions had trades. A value that is not known refuses
    nothing.
    """
    if stated := _stated_idle(row):
        return stated
    scale, traded = row.get("return_scale"), row.get("traded_share_60d")
    turnover, currency = row.get("median_turnover_20d"), row.get("currency") or ""
    if scale is not None and scale < settings.min_return_scale:
        return (
            f"it hardly moves: {scale:.3%} a session, less than "
            f"{settings.min_return_scale:.3%}"
        )
    if traded is not None and traded < settings.min_traded_share:
        return (
            f"it hardly trades: on {traded:.0%} of the last {TRADED_SESSIONS} sessions,"
            f" less than {settings.min_traded_share:.0%}"
        )
    if turnover is not None:
        currency, units = _PENCE.get(currency, (currency, 1))
        if turnover / units < settings.min_turnover:
            return (
                f"it hardly trades: {turnover / units:,.0f} {currency} a session, less "
                f"than {settings.min_turnover:,.0f}"
            )
    return ""


def idle_reason(idle: str) -> str:
    """Return the reason for a stock without trades; `idle` says since when."""
    return f"{_IDLE}{idle}" if idle else ""


def _stated_idle(row: Mapping[str, Any]) -> str:
    """Return the reason of an idle stock as the row's `reason` states it, else ''.

    No column has the sessions without a trade.
    """
    _, _, after = (row.get("reason") or "").partition(f"{NOT_TRADABLE}{_IDLE}")
    return f"{_IDLE}{after.partition(';')[0].rstrip('.')}" if after else ""


def without_trading_limits(settings: BlendSettings) -> BlendSettings:
    """Return the settings by which somebody can act on every call."""
    limits = dict.fromkeys(
        ("min_return_scale", "min_traded_share", "min_turnover"), 0.0
    )
    return settings.model_copy(update=limits)
