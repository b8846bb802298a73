"""A whole past night, with and without its future: every cell must be the same.

The second time later prices are others, a later dividend has lowered the history, and
later headlines are there. The night is run by `walk_forward`, model and all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

import pandas as pd

from config.errors import ModelUnusable
from config.home import Home
from evaluation.leaks import Check
from evaluation.track_record import COLUMNS
from market_data.headlines import Headline, HeadlineFeed
from market_data.prices import ADJUSTED_CLOSE, OHLC, VOLUME, PriceHistory
from market_data.store import PriceStore
from screening.row import Row
from tasks.night import Night
from tasks.past_night import HeldHeadlines, night_of
from tasks.slots import Slots
from tasks.walk_forward import Block, Held, Walked, walk_block

LATER_DIVIDEND = 0.5
"""What a later dividend does to all adjusted closes; a power of 2 keeps the bits."""

LATER_PRICES = 1.75
LATER_VOLUME = 7.0

STAGES: Mapping[str, tuple[str, ...]] = {
    "prices": ("close", "data_"),
    "votes": ("trend_", "technical_"),
    "model": ("model_", "predicted_", "probability_up", "lstm_"),
    "news": ("finbert_",),
    "guard": ("event_", "position_scale"),
    "blend": ("score", "confidence", "prediction"),
    "baselines": ("persistence_", "majority_", "ridge_", "lightgbm_"),
}
"""What the columns of a night's row begin with, by the stage that fills them."""

TITLES = (
    "AAPL beats estimates",
    "Apple shares slump after warning",
    "AAPL cut to sell",
)


@dataclass(frozen=True)
class Careless:
    """A source that hands out more than it was asked for."""

    history: PriceHistory
    name: ClassVar[str] = "careless"
    remote: ClassVar[bool] = True

    def fetch(self, symbol: str, first: date, last: date) -> PriceHistory:  # noqa: ARG002
        """Return the whole history, later sessions too."""
        return self.history


def night_checks(
    night: Night, prices: PriceHistory, session: date, slots: Slots
) -> list[Check]:
    """Return a check a stage of the first symbol's night of `session`."""
    symbol = night.symbols[0]
    cutoff = night_of(night, symbol, session).cutoff(symbol)
    known = tuple(Headline(title, cutoff - timedelta(hours=9)) for title in TITLES[:2])
    later = Headline(TITLES[2], cutoff + timedelta(minutes=1))
    plain = Held(symbol, prices, HeldHeadlines(HeadlineFeed(known)))
    knowing = Held(
        symbol,
        with_another_future(prices, session),
        HeldHeadlines(HeadlineFeed((*known, later))),
    )
    rows = [
        _row(night, name, held, session, slots)
        for name, held in (("ignorant", plain), ("knowing", knowing))
    ]
    return [
        *(_stage_check(stage, *rows) for stage in STAGES),
        _registry_check(_home(night, "ignorant"), session),
    ]


def store_check(
    folder: Path, night: Night, prices: PriceHistory, session: date
) -> Check:
    """Return whether the store hands out nothing later than it was asked for."""
    store = PriceStore(folder, Careless(prices), night.settings.prices)
    first = prices.frame.index[0].date()
    last = [store.history("AAPL", first, session).frame.index[-1] for _ in range(2)]
    late = [day.date() for day in last if day > pd.Timestamp(session)]
    detail = f"nothing later than {session}, fetched or stored"
    if late:
        detail = f"prices of {late[0]} are handed out to a night of {session}"
    return Check(stage="price store", passed=not late, detail=detail)


def with_another_future(prices: PriceHistory, session: date) -> PriceHistory:
    """Return the history as it may read later: other sessions after, a dividend."""
    frame = prices.frame.copy()
    after = frame.index > pd.Timestamp(session)
    frame.loc[after, [*OHLC, ADJUSTED_CLOSE]] *= LATER_PRICES
    frame.loc[after, VOLUME] = LATER_VOLUME
    frame[ADJUSTED_CLOSE] *= LATER_DIVIDEND
    return replace(prices, frame=frame)


def _row(night: Night, name: str, held: Held, session: date, slots: Slots) -> Row:
    own = _home(night, name)
    walked: Walked = slots.run(walk_block, Block(own, held, (session,)))
    (row,) = walked.rows
    return row


def _home(night: Night, name: str) -> Night:
    return replace(night, home=Home(night.home.root / name))


def _registry_check(night: Night, session: date) -> Check:
    """Return whether the night's model is kept from the night before."""
    before = session - timedelta(days=1)
    detail = f"a model that knows {session} is kept from {before}"
    try:
        night.registry().known_by(night.symbols[0], before)
    except ModelUnusable:
        return Check(stage="registry", passed=True, detail=detail)
    detail = f"a model that knows {session} is handed out to a night of {before}"
    return Check(stage="registry", passed=False, detail=detail)


def _stage_check(stage: str, ignorant: Row, knowing: Row) -> Check:
    columns = [name for name in COLUMNS if name.startswith(STAGES[stage])]
    differing = [name for name in columns if ignorant[name] != knowing[name]]
    filled = sum(ignorant[name] is not None for name in columns)
    detail = f"{filled} cells are the same bits with another future"
    if differing:
        name = differing[0]
        detail = (
            f"{name} is {knowing[name]} with another future, {ignorant[name]} without"
        )
    if not filled:
        detail = f"it is empty: {ignorant['reason']}"
    return Check(
        stage=f"night, {stage}", passed=not differing and filled > 0, detail=detail
    )
